;; Calls itself for ever, with a stack of its own in its memory, as compilers make one: it ends with an access below
;; the memory's beginning.
(global $stack (mut i32) (i32.const 65536))
(func $deeper (param $depth i32) (result i32)
  (global.set $stack (i32.sub (global.get $stack) (i32.const 256)))
  (i32.store (global.get $stack) (local.get $depth))
  (i32.add (call $deeper (i32.add (local.get $depth) (i32.const 1))) (i32.load (global.get $stack))))
(func $score (param $arguments i32) (result i32) (call $deeper (i32.const 0)))
