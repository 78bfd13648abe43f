;; A kind beyond the last.
(func $feed (param $scan i32) (param $at i32) (param $length i32) (result i32)
  (drop (call $diagnostic (i32.const 1416) (i32.const 7) (i64.const 0) (i64.const 1)))
  (i32.store8 (i32.const 1317) (i32.const 12))
  (i32.const 1024))
