;; Memory: 1024 the answer, 1280 one diagnostic, 1416… its texts, 1600 the description, 1712 the new scan; the heap begins at 65536.
;;> memory
(memory $memory 2)
;;> func $realloc
(global $next (mut i32) (i32.const 65536))
(func $realloc (param $old i32) (param $old_size i32) (param $align i32) (param $size i32) (result i32)
  (local $at i32)
  ;; Every chunk goes to the same place: a scan's memory does not grow with its artifact.
  (local.set $at (i32.const 65536))
  (block $enough
    (loop $grow
      (br_if $enough
        (i32.le_u (i32.add (local.get $at) (local.get $size)) (i32.mul (memory.size) (i32.const 65536))))
      (if (i32.eq (memory.grow (i32.const 16)) (i32.const -1)) (then (unreachable)))
      (br $grow)))
  (local.get $at))
;;> func $tools
;; The empty list.
(func $tools (result i32) (i32.const 1456))
;;> func $accepts
;; The list of `text/*`.
(func $accepts (result i32) (i32.const 1440))
(data (i32.const 1440) "\a8\05\00\00\01\00\00\00\80\06\00\00\06")
;;> func $probes
;; The empty list.
(func $probes (result i32) (i32.const 1456))
;;> func $describe
;; The guest's name, version and sentence, then the lists above.
(func $describe (result i32)
  (i64.store (i32.const 1624) (i64.load (call $tools)))
  (i64.store (i32.const 1632) (i64.load (call $accepts)))
  (i64.store (i32.const 1640) (i64.load (call $probes)))
  (i32.const 1600))
;;> func $configure
;; Takes any configuration.
(func $configure (param $settings i32) (param $length i32) (result i32) (i32.const 1696))
;;> func $constructor
(func $constructor
  (param $type i32) (param $type_length i32) (param $name i32) (param $length i32) (param $known i32) (param $size i64)
  (result i32)
  (call $new_handle (i32.const 1)))
;;> func $open
;; ok(the scan that the constructor makes)
(func $open
  (param $type i32) (param $type_length i32) (param $name i32) (param $length i32) (param $known i32) (param $size i64)
  (result i32)
  (i32.store (i32.const 1716)
    (call $constructor
      (local.get $type) (local.get $type_length) (local.get $name) (local.get $length) (local.get $known) (local.get $size)))
  (i32.const 1712))
;;> func $feed
(func $feed (param $scan i32) (param $at i32) (param $length i32) (result i32) (i32.const 1024))
;;> func $finish
(func $finish (param $scan i32) (result i32) (call $diagnostics (i32.const 0) (i32.const 0)))
;;> always
;; ok(the list of `count` diagnostics at `at`)
(func $diagnostics (param $at i32) (param $count i32) (result i32)
  (i32.store8 (i32.const 1024) (i32.const 0))
  (i32.store (i32.const 1028) (local.get $at))
  (i32.store (i32.const 1032) (local.get $count))
  (i32.const 1024))
;; ok(one error with a message and a span; its kind is `unknown`, its role `root`)
(func $diagnostic (param $message i32) (param $length i32) (param $start i64) (param $end i64) (result i32)
  (i32.store (i32.const 1280) (i32.const 1424))
  (i32.store (i32.const 1284) (i32.const 4))
  (i32.store (i32.const 1308) (local.get $message))
  (i32.store (i32.const 1312) (local.get $length))
  (i32.store8 (i32.const 1316) (i32.const 3))
  (i64.store (i32.const 1392) (local.get $start))
  (i64.store (i32.const 1400) (local.get $end))
  (call $diagnostics (i32.const 1280) (i32.const 1)))
(data (i32.const 1424) "tool")
(data (i32.const 1416) "message")
(data (i32.const 1600) "\88\06\00\00\05\00\00\00" "\90\06\00\00\05\00\00\00" "\88\06\00\00\05\00\00\00")
(data (i32.const 1664) "text/*")
(data (i32.const 1672) "guest")
(data (i32.const 1680) "1.0.0")
(export "memory" (memory $memory))
(export "cabi_realloc" (func $realloc))
(export "grimoire:analyzer/analyze@0.1.0#describe" (func $describe))
(export "grimoire:analyzer/analyze@0.1.0#configure" (func $configure))
(export "grimoire:analyzer/analyze@0.1.0#[static]scan.open" (func $open))
(export "grimoire:analyzer/analyze@0.1.0#[method]scan.feed" (func $feed))
(export "grimoire:analyzer/analyze@0.1.0#[method]scan.finish" (func $finish))
