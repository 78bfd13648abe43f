;; Calls itself for ever, without ever needing more stack.
(func $score (param $arguments i32) (result i32) (return_call $score (local.get $arguments)))
