;; Asks for a TCP socket. The score is 1 when it gets a working one to bind with.
(import "wasi:sockets/tcp-create-socket@0.2.0" "create-tcp-socket" (func $create (param i32 i32)))
(func $score (param $question i32) (result i32)
  (call $create (i32.const 0) (i32.const 2048))
  (call $verdict (i32.const 0)
    (select (f64.const 1) (f64.const 0) (i32.eqz (i32.load8_u (i32.const 2048))))))
