;; 1,100 diagnostics that all have the same 16 KiB as their context: in the guest it lies there once, in the host 1,100
;; times. Each call stays inside what one call may return, and the scan does not.
(memory $memory 32)
(func $feed (param $scan i32) (param $at i32) (param $length i32) (result i32)
  (local $to i32)
  (drop (call $diagnostic (i32.const 1416) (i32.const 7) (i64.const 0) (i64.const 1)))
  (i32.store (i32.const 1384) (i32.const 65536))
  (i32.store (i32.const 1388) (i32.const 16384))
  (local.set $to (i32.const 655360))
  (loop $next
    (memory.copy (local.get $to) (i32.const 1280) (i32.const 136))
    (local.set $to (i32.add (local.get $to) (i32.const 136)))
    (br_if $next (i32.lt_u (local.get $to) (i32.const 804960))))
  (call $diagnostics (i32.const 655360) (i32.const 1100)))
