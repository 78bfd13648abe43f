;; 6,000 diagnostics in every call: the first call stays inside the count of a scan, the second does not.
(memory $memory 32)
(func $feed (param $scan i32) (param $at i32) (param $length i32) (result i32)
  (local $to i32)
  (drop (call $diagnostic (i32.const 1416) (i32.const 7) (i64.const 0) (i64.const 1)))
  (local.set $to (i32.const 655360))
  (loop $next
    (memory.copy (local.get $to) (i32.const 1280) (i32.const 136))
    (local.set $to (i32.add (local.get $to) (i32.const 136)))
    (br_if $next (i32.lt_u (local.get $to) (i32.const 1471360))))
  (call $diagnostics (i32.const 655360) (i32.const 6000)))
