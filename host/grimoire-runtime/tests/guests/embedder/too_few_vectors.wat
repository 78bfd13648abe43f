(func $embed (param $subject i32) (param $texts i32) (param $count i32) (result i32)
  (call $alike (i32.sub (local.get $count) (i32.const 1)) (i32.const 4)))
