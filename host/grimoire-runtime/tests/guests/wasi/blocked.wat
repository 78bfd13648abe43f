;; Waits an hour in a host call, where the engine's clock cannot reach it.
(import "wasi:clocks/monotonic-clock@0.2.0" "subscribe-duration" (func $subscribe (param i64) (result i32)))
(import "wasi:io/poll@0.2.0" "[method]pollable.block" (func $block (param i32)))
(func $score (param $question i32) (result i32)
  (call $block (call $subscribe (i64.const 3600000000000)))
  (i32.const 1024))
