;; Calls itself for ever, with work left after each call.
(func $deeper (param $depth i64) (result i64)
  (i64.add (call $deeper (i64.add (local.get $depth) (i64.const 1))) (local.get $depth)))
(func $score (param $arguments i32) (result i32)
  (drop (call $deeper (i64.const 0)))
  (i32.const 1024))
