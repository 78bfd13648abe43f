;; Prepares every spell as `tea`. Scores 1 if the first candidate is that, 0 if it is something else, and 0.5 if it is written.
(func $describe (result i32) (i32.store8 (i32.const 1624) (i32.const 1)) (i32.const 1600))
(func $prepare (param $spells i32) (param $count i32) (result i32)
  (local $index i32)
  (loop $next
    (i32.store (i32.add (i32.const 4096) (i32.mul (local.get $index) (i32.const 8))) (i32.const 1712))
    (i32.store (i32.add (i32.const 4100) (i32.mul (local.get $index) (i32.const 8))) (i32.const 3))
    (local.set $index (i32.add (local.get $index) (i32.const 1)))
    (br_if $next (i32.lt_u (local.get $index) (local.get $count))))
  (i32.store8 (i32.const 1024) (i32.const 0))
  (i32.store (i32.const 1028) (i32.const 4096))
  (i32.store (i32.const 1032) (local.get $count))
  (i32.const 1024))
(func $score (param $arguments i32) (result i32)
  (local $candidate i32) (local $bytes i32)
  (local.set $candidate (i32.load offset=136 (local.get $arguments)))
  (if (i32.eqz (i32.load8_u (local.get $candidate)))
    (then (return (call $verdict (i32.const 0) (f64.const 0.5)))))
  (local.set $bytes (i32.load offset=8 (local.get $candidate)))
  (call $verdict (i32.const 0)
    (f64.convert_i32_u
      (i32.and
        (i32.eq (i32.load offset=12 (local.get $candidate)) (i32.const 3))
        (i32.and
          (i32.eq (i32.load16_u (local.get $bytes)) (i32.const 0x6574))
          (i32.eq (i32.load8_u offset=2 (local.get $bytes)) (i32.const 0x61)))))))
(data (i32.const 1712) "tea")
