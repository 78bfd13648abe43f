;; A warning whose role is that of an error.
(func $feed (param $scan i32) (param $at i32) (param $length i32) (result i32)
  (drop (call $diagnostic (i32.const 1416) (i32.const 7) (i64.const 0) (i64.const 1)))
  (i32.store8 (i32.const 1316) (i32.const 2))
  (i32.const 1024))
