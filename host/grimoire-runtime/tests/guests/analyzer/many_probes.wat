;; The list of 257 empty texts.
(func $probes (result i32) (i32.const 1472))
(data (i32.const 1472) "\00\10\00\00\01\01")
