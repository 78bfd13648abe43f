;; Says of any configuration, with an escape code, that it is wrong: err("no \1b[1mgood").
(func $configure (param i32 i32) (result i32) (i32.const 2048))
(data (i32.const 2048) "\01\00\00\00" "\10\08\00\00" "\0b\00\00\00")
(data (i32.const 2064) "no \1b[1mgood")
