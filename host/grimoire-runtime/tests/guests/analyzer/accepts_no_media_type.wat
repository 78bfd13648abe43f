;; The list of `log`, which is the name of no media type.
(func $accepts (result i32) (i32.const 2048))
(data (i32.const 2048) "\08\08\00\00\01\00\00\00\10\08\00\00\03\00\00\00log")
