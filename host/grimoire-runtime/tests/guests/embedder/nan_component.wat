(func $embed (param $subject i32) (param $texts i32) (param $count i32) (result i32)
  (f32.store (i32.const 1808) (f32.const nan))
  (call $alike (local.get $count) (i32.const 4)))
