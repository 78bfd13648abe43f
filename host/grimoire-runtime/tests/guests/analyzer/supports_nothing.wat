(func $supports (result i32) (i32.const 1024))
