;; Makes handles until that fails.
(func $feed (param i32 i32 i32) (result i32)
  (loop $more (drop (call $new_handle (i32.const 7))) (br $more))
  (unreachable))
