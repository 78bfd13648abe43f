;; Sleeps until an artifact has the text `needle`, then reports one message over each chunk.
(func $probes (result i32) (i32.const 1472))
(data (i32.const 1472) "\c8\05\00\00\01\00\00\00\d0\05\00\00\06\00\00\00needle")
(global $fed (mut i64) (i64.const 0))
(func $feed (param $scan i32) (param $at i32) (param $length i32) (result i32)
  (local $start i64)
  (local.set $start (global.get $fed))
  (global.set $fed (i64.add (local.get $start) (i64.extend_i32_u (local.get $length))))
  (call $diagnostic (i32.const 1416) (i32.const 7) (local.get $start) (global.get $fed)))
