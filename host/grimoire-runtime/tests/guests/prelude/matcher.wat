;; Memory: 1024 the answer, 1280 one verdict, 1344 one reason, 1600 the description, 2048… free for constants; the heap
;; begins at 65536.
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
;; The guest's name, version and sentence; it prepares nothing.
(func $describe (result i32) (i32.const 1600))
;;> func $configure
;; Takes any configuration.
(func $configure (param $settings i32) (param $length i32) (result i32) (i32.const 1696))
;;> func $prepare
;; Only called if the guest's description says that it prepares.
(func $prepare (param $spells i32) (param $count i32) (result i32) (unreachable))
;;> always
;; ok(the list of `count` verdicts at `at`)
(func $verdicts (param $at i32) (param $count i32) (result i32)
  (i32.store8 (i32.const 1024) (i32.const 0))
  (i32.store (i32.const 1028) (local.get $at))
  (i32.store (i32.const 1032) (local.get $count))
  (i32.const 1024))
;; ok(one verdict without reasons)
(func $verdict (param $candidate i32) (param $score f64) (result i32)
  (i32.store (i32.const 1280) (local.get $candidate))
  (f64.store (i32.const 1288) (local.get $score))
  (call $verdicts (i32.const 1280) (i32.const 1)))
;; ok(one verdict with one reason, whose detail is the text at `at`)
(func $verdict_because (param $at i32) (param $length i32) (result i32)
  (i32.store (i32.const 1300) (i32.const 1344))
  (i32.store (i32.const 1304) (i32.const 1))
  (i32.store (i32.const 1344) (i32.const 1400))
  (i32.store (i32.const 1348) (i32.const 6))
  (i32.store (i32.const 1360) (local.get $at))
  (i32.store (i32.const 1364) (local.get $length))
  (call $verdict (i32.const 0) (f64.const 0.5)))
(data (i32.const 1400) "signal")
(data (i32.const 1600) "\88\06\00\00\05\00\00\00" "\90\06\00\00\05\00\00\00" "\88\06\00\00\05\00\00\00")
(data (i32.const 1672) "guest")
(data (i32.const 1680) "1.0.0")
(export "grimoire:matcher/match-spells@0.1.0#describe" (func $describe))
(export "grimoire:matcher/match-spells@0.1.0#configure" (func $configure))
(export "grimoire:matcher/match-spells@0.1.0#prepare" (func $prepare))
(export "memory" (memory $memory))
(export "cabi_realloc" (func $realloc))
(export "grimoire:matcher/match-spells@0.1.0#score" (func $score))
;;> if func $post
(export "cabi_post_grimoire:matcher/match-spells@0.1.0#score" (func $post))
