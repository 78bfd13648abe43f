;; Would turn the rest of the line around (U+202E).
(data (i32.const 2048) "safe\e2\80\aeevil")
(func $score (param $arguments i32) (result i32) (call $verdict_because (i32.const 2048) (i32.const 11)))
