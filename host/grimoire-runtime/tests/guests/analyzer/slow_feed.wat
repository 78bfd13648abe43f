;; Computes for a while in every call: each is short enough, all of them together are not.
(func $feed (param i32 i32 i32) (result i32)
  (local $left i64)
  (local.set $left (i64.const 100000000))
  (loop $next (br_if $next (i64.ne (local.tee $left (i64.sub (local.get $left) (i64.const 1))) (i64.const 0))))
  (i32.const 1024))
