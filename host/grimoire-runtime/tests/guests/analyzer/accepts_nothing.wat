(func $accepts (result i32) (i32.const 1456))
