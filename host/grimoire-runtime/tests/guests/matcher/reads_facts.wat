;; Gives the first candidate's last fact as the reason: the evidence's, or the spell's if it has none. A host's record is
;; read where the contract says.
(func $score (param $arguments i32) (result i32)
  (local $candidate i32) (local $facts i32) (local $count i32) (local $fact i32)
  (local.set $candidate (i32.load offset=136 (local.get $arguments)))
  (local.set $facts (i32.load offset=112 (local.get $candidate)))
  (local.set $count (i32.load offset=116 (local.get $candidate)))
  (if (i32.eqz (local.get $count))
    (then
      (local.set $facts (i32.load offset=68 (local.get $candidate)))
      (local.set $count (i32.load offset=72 (local.get $candidate)))))
  (local.set $fact
    (i32.add
      (local.get $facts)
      (i32.mul (i32.sub (local.get $count) (i32.const 1)) (i32.const 16))))
  (call $verdict_because (i32.load offset=8 (local.get $fact)) (i32.load offset=12 (local.get $fact))))
