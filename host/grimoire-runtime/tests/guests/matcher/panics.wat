;; Tells its log of a panic, as a hook does, and ends itself.
(data (i32.const 2048) "panicked at src/lib.rs:7:9:\0aindex out of bounds")
(func $score (param $arguments i32) (result i32)
  (call $log (i32.const 4) (i32.const 2048) (i32.const 47))
  (unreachable))
