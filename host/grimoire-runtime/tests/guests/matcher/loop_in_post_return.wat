;; Answers, and never lets the host clean up after the answer.
(func $score (param $arguments i32) (result i32) (i32.const 1024))
(func $post (param $answer i32) (loop $forever (br $forever)))
