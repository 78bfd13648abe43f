;; A text that is none: a lone continuation byte, an overlong form, a surrogate.
(data (i32.const 2048) "ok\80\c0\af\ed\a0\80")
(func $score (param $arguments i32) (result i32) (call $verdict_because (i32.const 2048) (i32.const 8)))
