;; Ends itself when it is given no candidates (the list's length is the last argument, at 140), else answers.
(func $score (param $arguments i32) (result i32)
  (if (i32.eqz (i32.load (i32.add (local.get $arguments) (i32.const 140)))) (then (unreachable)))
  (call $verdict (i32.const 0) (f64.const 0.5)))
