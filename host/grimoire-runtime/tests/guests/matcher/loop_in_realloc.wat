;; Never gives the host room for the arguments.
(func $realloc (param i32 i32 i32 i32) (result i32) (loop $forever (br $forever)) (unreachable))
(func $score (param $arguments i32) (result i32) (i32.const 1024))
