(func $feed (param $scan i32) (param $at i32) (param $length i32) (result i32)
  (call $diagnostic (i32.const 1416) (i32.const 7) (i64.const 2) (i64.const 1)))
