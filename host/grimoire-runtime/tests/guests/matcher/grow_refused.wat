;; Takes memory until there is none, notices, and answers all the same.
(func $score (param $arguments i32) (result i32)
  (loop $more
    (br_if $more (i32.ne (memory.grow (i32.const 16)) (i32.const -1))))
  (call $verdict (i32.const 0) (f64.const 0.5)))
