;; Looks for life: an environment, arguments, folders, a clock that goes. The score is 1 when it finds
;; any; otherwise it is made of the first random number, so that two calls can be compared.
(import "wasi:cli/environment@0.2.0" "get-environment" (func $environment (param i32)))
(import "wasi:cli/environment@0.2.0" "get-arguments" (func $arguments (param i32)))
(import "wasi:filesystem/preopens@0.2.0" "get-directories" (func $folders (param i32)))
(import "wasi:clocks/wall-clock@0.2.0" "now" (func $wall (param i32)))
(import "wasi:clocks/monotonic-clock@0.2.0" "now" (func $monotonic (result i64)))
(import "wasi:random/random@0.2.0" "get-random-u64" (func $random (result i64)))
(func $score (param $question i32) (result i32)
  (local $life i64)
  (call $environment (i32.const 2048))
  (call $arguments (i32.const 2056))
  (call $folders (i32.const 2064))
  (call $wall (i32.const 2072))
  ;; Lengths of three lists, seconds and nanoseconds of the clock.
  (local.set $life
    (i64.or
      (i64.or (i64.load32_u (i32.const 2052)) (i64.load32_u (i32.const 2060)))
      (i64.or (i64.load32_u (i32.const 2068))
        (i64.or (i64.load (i32.const 2072)) (i64.load32_u (i32.const 2080))))))
  (local.set $life (i64.or (local.get $life) (call $monotonic)))
  (call $verdict (i32.const 0)
    (select
      (f64.div (f64.convert_i64_u (i64.shr_u (call $random) (i64.const 12))) (f64.const 0x1p53))
      (f64.const 1)
      (i64.eqz (local.get $life)))))
