(func $describe (result i32) (i32.store8 (i32.const 1624) (i32.const 1)) (i32.const 1600))
(func $prepare (param i32 i32) (result i32) (loop $forever (br $forever)) (unreachable))
(func $score (param i32) (result i32) (call $verdict (i32.const 0) (f64.const 0.5)))
