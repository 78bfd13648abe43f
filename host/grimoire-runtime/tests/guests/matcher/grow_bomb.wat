;; Takes memory until there is none, and then gives up.
(func $score (param $arguments i32) (result i32)
  (loop $more
    (br_if $more (i32.ne (memory.grow (i32.const 16)) (i32.const -1))))
  (unreachable))
