(func $score (param $arguments i32) (result i32) (call $verdict (i32.const 0) (f64.const inf)))
