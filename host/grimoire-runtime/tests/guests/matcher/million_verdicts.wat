;; A million verdicts that are really there.
(memory $memory 500)
(func $score (param $arguments i32) (result i32) (call $verdicts (i32.const 65536) (i32.const 1000000)))
