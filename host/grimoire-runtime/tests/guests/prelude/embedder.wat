;; Memory: 1024 the answer, 1600 the description, 1696 the answer of configure, 1800 a vector, 2048 a list of up to 128
;; vectors; the heap begins at 65536.
;;> memory
(memory $memory 2)
;;> func $realloc
(global $next (mut i32) (i32.const 65536))
(func $realloc (param $old i32) (param $old_size i32) (param $align i32) (param $size i32) (result i32)
  (local $at i32)
  (local.set $at
    (i32.and
      (i32.add (global.get $next) (i32.sub (local.get $align) (i32.const 1)))
      (i32.sub (i32.const 0) (local.get $align))))
  (global.set $next (i32.add (local.get $at) (local.get $size)))
  (block $enough
    (loop $grow
      (br_if $enough (i32.le_u (global.get $next) (i32.mul (memory.size) (i32.const 65536))))
      (if (i32.eq (memory.grow (i32.const 16)) (i32.const -1)) (then (unreachable)))
      (br $grow)))
  (local.get $at))
;;> func $describe
;; The guest's name, version and sentence, and the dimension 4.
(func $describe (result i32) (i32.const 1600))
;;> func $configure
;; Takes any configuration.
(func $configure (param $settings i32) (param $length i32) (result i32) (i32.const 1696))
;;> always
;; ok(the list of `count` vectors at `at`)
(func $vectors (param $at i32) (param $count i32) (result i32)
  (i32.store8 (i32.const 1024) (i32.const 0))
  (i32.store (i32.const 1028) (local.get $at))
  (i32.store (i32.const 1032) (local.get $count))
  (i32.const 1024))
;; ok(the vector at 1800 with `length` components, `count` times)
(func $alike (param $count i32) (param $length i32) (result i32)
  (local $left i32)
  (local $at i32)
  (local.set $left (local.get $count))
  (local.set $at (i32.const 2048))
  (block $done
    (loop $next
      (br_if $done (i32.eqz (local.get $left)))
      (i32.store (local.get $at) (i32.const 1800))
      (i32.store offset=4 (local.get $at) (local.get $length))
      (local.set $at (i32.add (local.get $at) (i32.const 8)))
      (local.set $left (i32.sub (local.get $left) (i32.const 1)))
      (br $next)))
  (call $vectors (i32.const 2048) (local.get $count)))
(data (i32.const 1600) "\88\06\00\00\05\00\00\00" "\90\06\00\00\05\00\00\00" "\88\06\00\00\05\00\00\00" "\04\00\00\00")
(data (i32.const 1672) "guest")
(data (i32.const 1680) "1.0.0")
(data (i32.const 1800) "\00\00\80\3f")
(export "grimoire:embedder/embed-texts@0.1.0#describe" (func $describe))
(export "grimoire:embedder/embed-texts@0.1.0#configure" (func $configure))
(export "memory" (memory $memory))
(export "cabi_realloc" (func $realloc))
(export "grimoire:embedder/embed-texts@0.1.0#embed" (func $embed))
