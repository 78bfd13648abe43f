;; Wants to end the whole program.
(import "wasi:cli/exit@0.2.0" "exit" (func $exit (param i32)))
(func $score (param $question i32) (result i32) (call $exit (i32.const 0)) (unreachable))
