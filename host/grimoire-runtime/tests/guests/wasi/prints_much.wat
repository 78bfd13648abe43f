;; Prints 40 MB and answers: nothing of it is kept but the end.
(import "wasi:cli/stderr@0.2.0" "get-stderr" (func $stderr (result i32)))
(import "wasi:io/streams@0.2.0" "[method]output-stream.blocking-write-and-flush"
  (func $print (param i32 i32 i32 i32)))
(data (i32.const 2048) "the last line\0a")
(func $score (param $arguments i32) (result i32)
  (local $stream i32) (local $left i32)
  (local.set $stream (call $stderr))
  (local.set $left (i32.const 10000))
  (loop $again
    (call $print (local.get $stream) (i32.const 16384) (i32.const 4096) (i32.const 2500))
    (local.set $left (i32.sub (local.get $left) (i32.const 1)))
    (br_if $again (local.get $left)))
  (call $print (local.get $stream) (i32.const 2048) (i32.const 14) (i32.const 2500))
  (call $verdict (i32.const 0) (f64.const 0.5)))
