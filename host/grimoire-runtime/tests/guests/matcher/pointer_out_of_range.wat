;; Says that its answer lies beyond its memory.
(func $score (param $arguments i32) (result i32) (i32.const 0x7ffffff0))
