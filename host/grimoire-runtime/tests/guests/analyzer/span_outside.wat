;; A span beyond what was fed.
(func $feed (param $scan i32) (param $at i32) (param $length i32) (result i32)
  (call $diagnostic (i32.const 1416) (i32.const 7) (i64.const 0)
    (i64.add (i64.extend_i32_u (local.get $length)) (i64.const 1))))
