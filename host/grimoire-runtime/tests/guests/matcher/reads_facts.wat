;; Gives the value of the first candidate's last fact as the reason: a host's record is read where the contract says.
(func $score (param $arguments i32) (result i32)
  (local $spell i32) (local $fact i32)
  (local.set $spell (i32.load offset=136 (local.get $arguments)))
  (local.set $fact
    (i32.add
      (i32.load offset=60 (local.get $spell))
      (i32.mul (i32.sub (i32.load offset=64 (local.get $spell)) (i32.const 1)) (i32.const 16))))
  (call $verdict_because (i32.load offset=8 (local.get $fact)) (i32.load offset=12 (local.get $fact))))
