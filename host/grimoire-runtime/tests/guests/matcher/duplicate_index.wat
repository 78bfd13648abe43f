;; Judges the first candidate twice.
(func $score (param $arguments i32) (result i32)
  (drop (call $verdict (i32.const 0) (f64.const 0.5)))
  (memory.copy (i32.const 4096) (i32.const 1280) (i32.const 32))
  (memory.copy (i32.const 4128) (i32.const 1280) (i32.const 32))
  (call $verdicts (i32.const 4096) (i32.const 2)))
