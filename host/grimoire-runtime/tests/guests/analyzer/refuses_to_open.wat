;; Says before the first byte that this artifact is not for it: err(unsupported("no")).
(func $open (param i32 i32 i32 i32 i32 i64) (result i32) (i32.const 2048))
(data (i32.const 2048) "\01\00\00\00" "\00\00\00\00" "\10\08\00\00" "\02\00\00\00" "no")
