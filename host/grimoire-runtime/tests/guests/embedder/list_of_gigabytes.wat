(func $embed (param $subject i32) (param $texts i32) (param $count i32) (result i32)
  (call $vectors (i32.const 0) (i32.const 0x10000000)))
