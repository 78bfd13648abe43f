;; One byte more than a spell may take.
(func $describe (result i32) (i32.store8 (i32.const 1624) (i32.const 1)) (i32.const 1600))
(func $prepare (param $spells i32) (param $count i32) (result i32)
  (local $index i32)
  (loop $next
    (i32.store (i32.add (i32.const 4096) (i32.mul (local.get $index) (i32.const 8))) (i32.const 1712))
    (i32.store (i32.add (i32.const 4100) (i32.mul (local.get $index) (i32.const 8))) (i32.const 16385))
    (local.set $index (i32.add (local.get $index) (i32.const 1)))
    (br_if $next (i32.lt_u (local.get $index) (local.get $count))))
  (i32.store8 (i32.const 1024) (i32.const 0))
  (i32.store (i32.const 1028) (i32.const 4096))
  (i32.store (i32.const 1032) (local.get $count))
  (i32.const 1024))
(func $score (param i32) (result i32) (call $verdict (i32.const 0) (f64.const 0.5)))
