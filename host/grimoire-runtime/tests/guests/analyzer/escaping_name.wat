;; Its own name would leave the folder of a file.
(func $describe (result i32)
  (i32.store (i32.const 1600) (i32.const 2048))
  (i32.store (i32.const 1604) (i32.const 4))
  (i64.store (i32.const 1632) (i64.load (call $accepts)))
  (i32.const 1600))
(data (i32.const 2048) "../x")
