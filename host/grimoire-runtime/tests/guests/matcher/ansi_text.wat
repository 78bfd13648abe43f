;; Would clear the reader's terminal.
(data (i32.const 2048) "\1b[2J\1b[31mgone")
(func $score (param $arguments i32) (result i32) (call $verdict_because (i32.const 2048) (i32.const 13)))
