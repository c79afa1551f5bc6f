;; A skill for which the host works much. The input's second byte: r  asks for 16 MiB of random bytes; s  error.internal of 60 MiB;
;; j  60 MiB of "[]," as output, which is no JSON at its end; J  the same made JSON; u  60 MiB as error whose last byte is not UTF-8;
;; anything else  the input itself.
(component
  (import "wasi:random/random@0.2.0" (instance $random
    (export "get-random-bytes" (func (param "len" u64) (result (list u8))))))

  (core module $libc
    (memory (export "memory") 4)
    (global $top (mut i32) (i32.const 131072))
    (func (export "realloc") (param i32 i32 i32) (param $new i32) (result i32) (local $at i32)
      (local.set $at (global.get $top))
      (global.set $top (i32.add (global.get $top) (local.get $new)))
      (if (i32.gt_u (global.get $top) (i32.mul (memory.size) (i32.const 65536)))
        (then (drop (memory.grow (i32.add (i32.const 1) (i32.shr_u (local.get $new) (i32.const 16)))))))
      (local.get $at)))

  (core module $main
    (import "host" "random" (func $random (param i64 i32)))
    (import "env" "memory" (memory 4))
    ;; 60 MiB of the three bytes at 1024, from 262144 on; their number.
    (func $fill (result i32) (local $at i32)
      (drop (memory.grow (i32.const 961)))
      (memory.copy (i32.const 262144) (i32.const 1024) (i32.const 3))
      (local.set $at (i32.const 3))
      (loop $again
        (memory.copy (i32.add (i32.const 262144) (local.get $at)) (i32.const 262144) (local.get $at))
        (br_if $again (i32.lt_u (local.tee $at (i32.shl (local.get $at) (i32.const 1))) (i32.const 31457280))))
      (memory.copy (i32.add (i32.const 262144) (local.get $at)) (i32.const 262144) (i32.sub (i32.const 62914560) (local.get $at)))
      (i32.const 62914560))
    (func $answer (param $case i32) (param $pointer i32) (param $size i32) (result i32)
      (i32.store8 (i32.const 16) (local.get $case))
      (i32.store (i32.const 20) (local.get $pointer))
      (i32.store (i32.const 24) (local.get $size))
      (i32.const 16))
    (func $failure (param $size i32) (result i32)
      (i32.store8 (i32.const 16) (i32.const 1))
      (i32.store8 (i32.const 20) (i32.const 0))
      (i32.store (i32.const 24) (i32.const 262144))
      (i32.store (i32.const 28) (local.get $size))
      (i32.const 16))
    (data (i32.const 1024) "[],")
    (func (export "run") (param $pointer i32) (param $size i32) (result i32) (local $what i32)
      (local.set $what (i32.load8_u offset=1 (local.get $pointer)))
      (if (i32.eq (local.get $what) (i32.const 0x72)) (then (call $random (i64.const 16777216) (i32.const 64))))
      (if (i32.eq (local.get $what) (i32.const 0x73)) (then (return (call $failure (call $fill)))))
      (if (i32.eq (local.get $what) (i32.const 0x75)) (then
        (drop (call $fill))
        (i32.store8 (i32.const 63176703) (i32.const 0xff))
        (return (call $failure (i32.const 62914560)))))
      (if (i32.eq (local.get $what) (i32.const 0x6a)) (then (drop (call $fill)) (i32.store8 (i32.const 262143) (i32.const 0x5b))
        (return (call $answer (i32.const 0) (i32.const 262143) (i32.const 62914561)))))
      (if (i32.eq (local.get $what) (i32.const 0x4a)) (then (drop (call $fill)) (i32.store8 (i32.const 262143) (i32.const 0x5b))
        (i32.store8 (i32.const 63176703) (i32.const 0x5d))
        (return (call $answer (i32.const 0) (i32.const 262143) (i32.const 62914561)))))
      (call $answer (i32.const 0) (local.get $pointer) (local.get $size))))

  (core instance $libc (instantiate $libc))
  (core func $random (canon lower (func $random "get-random-bytes") (memory (core memory $libc "memory")) (realloc (core func $libc "realloc"))))
  (core instance $main (instantiate $main
    (with "env" (instance $libc))
    (with "host" (instance (export "random" (func $random))))))
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
