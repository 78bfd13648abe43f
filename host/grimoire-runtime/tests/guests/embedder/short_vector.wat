(func $embed (param $subject i32) (param $texts i32) (param $count i32) (result i32)
  (call $alike (local.get $count) (i32.const 3)))
