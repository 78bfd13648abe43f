;; Computes until its time is almost used up, then returns in time.
(import "grimoire:types/budget@0.1.0" "time-left" (func $time_left (result i64)))
(func $feed (param $scan i32) (param $at i32) (param $length i32) (result i32)
  (loop $more (br_if $more (i64.gt_u (call $time_left) (i64.const 50))))
  (i32.const 1024))
