;; Ends itself unless it has time and memory left, and no more than it was given.
(import "grimoire:types/budget@0.1.0" "time-left" (func $time_left (result i64)))
(import "grimoire:types/budget@0.1.0" "memory-left" (func $memory_left (result i64)))
(func $check (param $left i64) (param $most i64)
  (if (i32.or (i64.eqz (local.get $left)) (i64.gt_u (local.get $left) (local.get $most))) (then (unreachable))))
(func $feed (param $scan i32) (param $at i32) (param $length i32) (result i32)
  (call $check (call $time_left) (i64.const 10000))
  (call $check (call $memory_left) (i64.const 66977792))
  (i32.const 1024))
