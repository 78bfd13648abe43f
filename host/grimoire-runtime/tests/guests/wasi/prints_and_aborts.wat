;; An interpreter that prints the traceback of an exception and aborts.
(import "wasi:cli/stderr@0.2.0" "get-stderr" (func $stderr (result i32)))
(import "wasi:io/streams@0.2.0" "[method]output-stream.blocking-write-and-flush"
  (func $print (param i32 i32 i32 i32)))
(data (i32.const 2048) "Traceback (most recent call last):\0aKeyError: \1b[31m'lid'\0a")
(func $score (param $arguments i32) (result i32)
  (call $print (call $stderr) (i32.const 2048) (i32.const 56) (i32.const 2500))
  (unreachable))
