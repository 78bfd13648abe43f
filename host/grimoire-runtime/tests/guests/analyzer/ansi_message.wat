(data (i32.const 2048) "\1b[1mbold")
(func $feed (param $scan i32) (param $at i32) (param $length i32) (result i32)
  (call $diagnostic (i32.const 2048) (i32.const 8) (i64.const 0) (i64.const 1)))
