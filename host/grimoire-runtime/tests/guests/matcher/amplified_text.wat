;; A million verdicts with a reason each, all of them with the same four megabytes of text: little
;; memory here, terabytes there.
(memory $memory 600)
(func $score (param $arguments i32) (result i32)
  (local $at i32)
  (drop (call $verdict_because (i32.const 34000000) (i32.const 4000000)))
  (local.set $at (i32.const 65536))
  (loop $next
    (memory.copy (local.get $at) (i32.const 1280) (i32.const 32))
    (local.set $at (i32.add (local.get $at) (i32.const 32)))
    (br_if $next (i32.lt_u (local.get $at) (i32.const 32065536))))
  (call $verdicts (i32.const 65536) (i32.const 1000000)))
