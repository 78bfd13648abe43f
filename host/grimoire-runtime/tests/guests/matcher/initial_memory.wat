;; Wants more memory from the start than anybody gets: 80 MiB.
(memory $memory 1280)
(func $score (param $arguments i32) (result i32) (i32.const 1024))
