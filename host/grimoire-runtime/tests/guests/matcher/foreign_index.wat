;; Judges a candidate that it was not given.
(func $score (param $arguments i32) (result i32) (call $verdict (i32.const 4294967295) (f64.const 0.5)))
