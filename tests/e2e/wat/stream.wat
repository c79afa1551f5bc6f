;; A streaming skill of world 0.3: ends at once.
(component
  (import "pharia:skill/streaming-output@0.3.11" (instance $streaming
    (export "stream-output" (type (sub resource)))))
  (alias export $streaming "stream-output" (type $output))
  (core module $main
    (memory (export "memory") 1)
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))
    (func (export "run") (param i32 i32 i32) (result i32)
      (i32.store8 (i32.const 16) (i32.const 0))
      (i32.const 16)))
  (core instance $main (instantiate $main))
  (type $error (variant (case "internal" string) (case "invalid-input" string)))
  (func $run (param "input" (list u8)) (param "output" (own $output)) (result (result (error $error)))
    (canon lift (core func $main "run") (memory (core memory $main "memory")) (realloc (core func $main "realloc"))))
  (component $shim
    (import "import-type-stream-output" (type $o (sub resource)))
    (type $e0 (variant (case "internal" string) (case "invalid-input" string)))
    (import "import-type-error" (type $e1 (eq $e0)))
    (import "import-func-run" (func $run (param "input" (list u8)) (param "output" (own $o)) (result (result (error $e1)))))
    (export $o2 "stream-output" (type $o))
    (export $e2 "error" (type $e0))
    (export "run" (func $run) (func (param "input" (list u8)) (param "output" (own $o2)) (result (result (error $e2))))))
  (instance $stream (instantiate $shim
    (with "import-type-stream-output" (type $output))
    (with "import-type-error" (type $error))
    (with "import-func-run" (func $run))))
  (export "pharia:skill/message-stream@0.3.11" (instance $stream)))
