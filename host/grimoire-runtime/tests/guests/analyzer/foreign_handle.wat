;; Returns a scan that it never made.
(func $constructor (param i32 i32 i32 i32 i32 i64) (result i32) (i32.const 12345))
