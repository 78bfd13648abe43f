;; Reports in the first call and ends itself in the second.
(global $calls (mut i32) (i32.const 0))
(func $feed (param $scan i32) (param $at i32) (param $length i32) (result i32)
  (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
  (if (i32.gt_u (global.get $calls) (i32.const 1)) (then (unreachable)))
  (call $diagnostic (i32.const 1416) (i32.const 7) (i64.const 0) (i64.const 1)))
