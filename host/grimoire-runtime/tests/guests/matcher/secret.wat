;; Looks through 16 MiB of fresh memory for what a former call may have left, then leaves a secret
;; everywhere. The score is 1 when something was found.
(memory $memory 2)
(func $score (param $arguments i32) (result i32)
  (local $at i32) (local $found i64)
  (if (i32.eq (memory.grow (i32.const 256)) (i32.const -1)) (then (unreachable)))
  (local.set $at (i32.const 131072))
  (loop $next
    (local.set $found (i64.or (local.get $found) (i64.load (local.get $at))))
    (local.set $at (i32.add (local.get $at) (i32.const 8)))
    (br_if $next (i32.lt_u (local.get $at) (i32.const 16908288))))
  (memory.fill (i32.const 131072) (i32.const 83) (i32.const 16777216))
  (call $verdict (i32.const 0)
    (select (f64.const 0) (f64.const 1) (i64.eqz (local.get $found)))))
