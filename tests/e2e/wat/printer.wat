;; A skill that prints to stdout. The input's second byte: g  1 GiB of lines; G  1 GiB without a line end; v  text that would forge
;; or break log lines; h  nothing, but handles of stdout without end; anything else  the input itself. Answers with the input.
(component
  (import "wasi:io/error@0.2.0" (instance $errors (export "error" (type (sub resource)))))
  (alias export $errors "error" (type $io-error))
  (import "wasi:io/streams@0.2.3" (instance $streams
    (export "output-stream" (type $out (sub resource)))
    (alias outer 1 $io-error (type $e0))
    (export "error" (type $e (eq $e0)))
    (type $failure0 (variant (case "last-operation-failed" (own $e)) (case "closed")))
    (export "stream-error" (type $failure (eq $failure0)))
    (export "[method]output-stream.blocking-write-and-flush"
      (func (param "self" (borrow $out)) (param "contents" (list u8)) (result (result (error $failure)))))))
  (alias export $streams "output-stream" (type $stream))
  (import "wasi:cli/stdout@0.2.9" (instance $stdout
    (alias outer 1 $stream (type $s0))
    (export "output-stream" (type $s (eq $s0)))
    (export "get-stdout" (func (result (own $s))))))

  (core module $libc
    (memory (export "memory") 4)
    (global $top (mut i32) (i32.const 131072))
    (func (export "realloc") (param i32 i32 i32) (param $new i32) (result i32) (local $at i32)
      (local.set $at (global.get $top))
      (global.set $top (i32.add (global.get $top) (local.get $new)))
      (if (i32.gt_u (global.get $top) (i32.const 262144)) (then (unreachable)))
      (local.get $at)))

  (core module $main
    (import "host" "stdout" (func $get (result i32)))
    (import "host" "write" (func $write (param i32 i32 i32 i32)))
    (import "env" "memory" (memory 4))
    (data (i32.const 1024) "evil\1b[31m red\r\n2026-01-01T00:00:00.000Z ERROR kernel: forged\n\n\n\00\01\7f\ff\fe\c2\85 \e2\80\a8 end\n\\n\n")
    (func $print (param $pointer i32) (param $size i32)
      (call $write (call $get) (local.get $pointer) (local.get $size) (i32.const 64)))
    (func $gigabyte (param $size i32) (local $i i32) (local $out i32)
      (memory.fill (i32.const 4096) (i32.const 120) (i32.const 4096))
      (i32.store8 (i32.const 4195) (i32.const 10))
      (i32.store8 (i32.const 8191) (i32.const 10))
      (local.set $out (call $get))
      (local.set $i (i32.const 262144))
      (loop $again
        (call $write (local.get $out) (i32.const 4096) (local.get $size) (i32.const 64))
        (br_if $again (local.tee $i (i32.sub (local.get $i) (i32.const 1))))))
    (func (export "run") (param $pointer i32) (param $size i32) (result i32) (local $what i32)
      (local.set $what (i32.load8_u offset=1 (local.get $pointer)))
      (if (i32.eq (local.get $what) (i32.const 0x68)) (then (loop (drop (call $get)) (br 0))))
      (if (i32.eq (local.get $what) (i32.const 0x67)) (then (call $gigabyte (i32.const 4096)))
        (else (if (i32.eq (local.get $what) (i32.const 0x47)) (then (call $gigabyte (i32.const 99)))
          (else (if (i32.eq (local.get $what) (i32.const 0x76)) (then (call $print (i32.const 1024) (i32.const 89)))
            (else (call $print (local.get $pointer) (local.get $size))))))))
      (i32.store8 (i32.const 16) (i32.const 0))
      (i32.store (i32.const 20) (local.get $pointer))
      (i32.store (i32.const 24) (local.get $size))
      (i32.const 16)))

  (core instance $libc (instantiate $libc))
  (core func $stdout (canon lower (func $stdout "get-stdout")))
  (core func $write (canon lower (func $streams "[method]output-stream.blocking-write-and-flush") (memory (core memory $libc "memory"))))
  (core instance $main (instantiate $main
    (with "env" (instance $libc))
    (with "host" (instance (export "stdout" (func $stdout)) (export "write" (func $write))))))
  (type $error (variant (case "internal" string) (case "invalid-input" string)))
  (func $run (param "input" (list u8)) (result (result (list u8) (error $error)))
    (canon lift (core func $main "run") (memory (core memory $libc "memory")) (realloc (core func $libc "realloc"))))
  (component $shim
    (type $e0 (variant (case "internal" string) (case "invalid-input" string)))
    (import "import-type-error" (type $e1 (eq $e0)))
    (import "import-func-run" (func $run (param "input" (list u8)) (result (result (list u8) (error $e1)))))
    (export $e2 "error" (type $e0))
    (export "run" (func $run) (func (param "input" (list u8)) (result (result (list u8) (error $e2))))))
  (instance $handler (instantiate $shim (with "import-type-error" (type $error)) (with "import-func-run" (func $run))))
  (export "pharia:skill/skill-handler@0.2.10" (instance $handler)))
