;; Says that the arguments should be written beyond its memory.
(func $realloc (param i32 i32 i32 i32) (result i32) (i32.const 0x7ffffff0))
(func $score (param $arguments i32) (result i32) (i32.const 1024))
