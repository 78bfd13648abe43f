;; Claims a list of 67 million verdicts, 1.5 GiB.
(func $score (param $arguments i32) (result i32) (call $verdicts (i32.const 1280) (i32.const 0x4000000)))
