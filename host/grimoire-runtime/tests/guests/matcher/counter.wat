;; Counts its calls in a global and in memory. The score is the sum: 0 when every call is the first.
(global $calls (mut i32) (i32.const 0))
(func $score (param $arguments i32) (result i32)
  (local $before i32)
  (local.set $before (i32.add (global.get $calls) (i32.load (i32.const 2048))))
  (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
  (i32.store (i32.const 2048) (i32.add (i32.load (i32.const 2048)) (i32.const 1)))
  (call $verdict (i32.const 0) (f64.div (f64.convert_i32_u (local.get $before)) (f64.const 1000))))
