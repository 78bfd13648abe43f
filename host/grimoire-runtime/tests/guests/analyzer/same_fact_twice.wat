;; Two facts with one name.
(func $feed (param $scan i32) (param $at i32) (param $length i32) (result i32)
  (drop (call $diagnostic (i32.const 1416) (i32.const 7) (i64.const 0) (i64.const 1)))
  (i32.store (i32.const 1408) (i32.const 2048))
  (i32.store (i32.const 1412) (i32.const 2))
  (i32.const 1024))
(data (i32.const 2048) "\20\08\00\00\04\00\00\00" "\20\08\00\00\04\00\00\00" "\20\08\00\00\04\00\00\00" "\20\08\00\00\04\00\00\00" "fact")
