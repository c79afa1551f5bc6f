;; What component_decode takes; the tests look cases up by name (make_cases.py). All of it is valid to wasm-tools too.

;;; taken: empty
(component)

;;; taken: small
;; A bit of everything that builders make, small enough to change every byte of it to every other.
(component
  (type $i (instance
    (export "r" (type $r (sub resource)))
    (type $b (borrow $r))
    (type $l (list u8))
    (export "f" (func (param "a" $b) (param "b" $l) (result $l)))))
  (import "n:p/i" (instance $in (type $i)))
  (alias export $in "r" (type $r))
  (alias export $in "f" (func $f))
  (core module $m
    (import "h" "f" (func (param i32 i32 i32 i32)))
    (import "h" "d" (func (param i32)))
    (memory (export "m") 1 2)
    (table 1 1 funcref)
    (global $g (mut i32) (i32.const 7))
    (func (export "a") (param i32 i32 i32 i32) (result i32) i32.const 8)
    (func (export "run") (param i32 i32) (result i32) i32.const 8)
    (func (export "p") (param i32))
    (func $s)
    (start $s)
    (elem (i32.const 0) func $s)
    (data (i32.const 8) "abcd"))
  (core module $c (memory (export "m") 1) (func (export "a") (param i32 i32 i32 i32) (result i32) i32.const 0))
  (core instance $ci (instantiate $c))
  (alias core export $ci "m" (core memory $cm))
  (alias core export $ci "a" (core func $ca))
  (core func $cf (canon lower (func $f) (memory $cm) (realloc $ca) string-encoding=utf16))
  (core func $cd (canon resource.drop $r))
  (core instance $bag (export "f" (func $cf)) (export "d" (func $cd)))
  (core instance $mi (instantiate $m (with "h" (instance $bag))))
  (alias core export $mi "m" (core memory $mm))
  (alias core export $mi "a" (core func $ma))
  (alias core export $mi "run" (core func $run))
  (alias core export $mi "p" (core func $post))
  (type $e (variant (case "internal" string) (case "none")))
  (type $t (func (param "input" (list u8)) (result (result (list u8) (error $e)))))
  (func $lift (type $t) (canon lift (core func $run) (memory $mm) (realloc $ma) (post-return $post)))
  (component $c
    (type $e (variant (case "internal" string) (case "none")))
    (import "import-type-error" (type $ie (eq $e)))
    (import "import-func-run" (func $f (param "input" (list u8)) (result (result (list u8) (error $ie)))))
    (export $ee "error" (type $e))
    (export "run" (func $f) (func (param "input" (list u8)) (result (result (list u8) (error $ee))))))
  (instance $out (instantiate $c (with "import-type-error" (type $e)) (with "import-func-run" (func $lift))))
  (export "pharia:skill/skill-handler@0.3.11" (instance $out)))

;;; taken: value types
(component
  (import "r" (type $r (sub resource)))
  (type $inner (record (field "a" u8) (field "b" string)))
  (import "inner" (type $ri (eq $inner)))
  (type $v (variant (case "none") (case "one" f32) (case "two" (tuple u64 u64))))
  (import "v" (type $rv (eq $v)))
  (type $e (enum "x" "y" "z"))
  (import "e" (type $re (eq $e)))
  (type $fl (flags "p" "q"))
  (import "fl" (type $rfl (eq $fl)))
  (import "all" (func
    (param "bool" bool) (param "s8" s8) (param "u8" u8) (param "s16" s16) (param "u16" u16) (param "s32" s32)
    (param "u32" u32) (param "s64" s64) (param "u64" u64) (param "f32" f32) (param "f64" f64) (param "char" char)
    (param "string" string) (param "list" (list $ri)) (param "record" $ri) (param "tuple" (tuple u8 u16))
    (param "variant" $rv) (param "enum" $re) (param "option" (option u32)) (param "result" (result $rv (error $re)))
    (param "empty" (result)) (param "ok" (result u8)) (param "error" (result (error u8)))
    (param "flags" $rfl) (param "own" (own $r)) (param "borrow" (borrow $r)))))

;;; taken: shared types
;; One type for all declarations of the same contents; other labels, resources or parts make another.
(component
  (import "f" (func (param "a" (list u8)) (param "b" (list u8)) (param "c" (list u16)) (param "d" (tuple u8 u8))
    (param "e" (option (list u8))) (param "f" (option (list u8))) (result (list u8))))
  (import "r" (type $r (sub resource)))
  (import "s" (type $s (sub resource)))
  (import "g" (func (param "a" (own $r)) (param "b" (own $s)) (param "c" (borrow $r)) (param "d" (own $r))))
  (type $one (record (field "x" u8) (field "y" u8)))
  (type $two (record (field "x" u8) (field "z" u8)))
  (type $three (record (field "x" u8) (field "y" u8)))
  (type (func (param "a" $one) (param "b" $two) (param "c" $three))))

;;; taken: resources
;; Fresh for each instance, one where an instance uses it from another, with second indices and outer aliases on the way.
(component
  (type $io (instance
    (export "pollable" (type $p (sub resource)))
    (export "make" (func (result (own $p))))))
  (import "t:io/poll@0.2.0" (instance $poll (type $io)))
  (alias export $poll "pollable" (type $p))
  (type $streams (instance
    (alias outer 1 $p (type $q))
    (export "pollable" (type $q2 (eq $q)))
    (export "stream" (type $st (sub resource)))
    (export "[method]stream.subscribe" (func (param "self" (borrow $st)) (result (own $q2))))
    (export "open" (func (result (own $st))))))
  (import "t:io/streams@0.2.0" (instance $s (type $streams)))
  (import "t:io/streams@0.3.0" (instance $s3 (type $streams)))
  (alias export $s "pollable" (type $p2))
  (alias export $s3 "stream" (type $st3))
  (alias export $s "[method]stream.subscribe" (func $subscribe))
  (alias export $s3 "open" (func $open3))
  (alias export $poll "make" (func $make))
  (alias outer 0 $p2 (type $p3))
  (import "own-thing" (type $own (sub resource)))
  (import "take" (func $take (param "a" (own $p3)) (param "b" (own $own)) (param "c" (own $st3))))
  (core func (canon resource.drop $p))
  (core func (canon resource.drop $p3))
  (core func (canon resource.drop $st3))
  (core func (canon resource.drop $own))
  (core func (canon lower (func $take)))
  (core func (canon lower (func $subscribe)))
  (core func (canon lower (func $open3)))
  (core func (canon lower (func $make))))

;;; taken: nested
;; Functions and types through a re-exporting component, a local instance, second indices and an export of a single function.
(component
  (core module $m (func (export "f")) (func (export "g") (param i32)))
  (core instance $i (instantiate $m))
  (func $f (canon lift (core func $i "f")))
  (type $rec (record (field "a" u8)))
  (export $rec2 "rec" (type $rec))
  (func $g (param "a" $rec2) (canon lift (core func $i "g")))
  (component $c
    (alias outer 1 $rec (type $outer))
    (import "import-type-rec" (type $t (eq $outer)))
    (import "import-func-g" (func $g (param "a" $t)))
    (import "import-func-f" (func $f))
    (export $te "rec" (type $t))
    (export $ge "g" (func $g) (func (param "a" $te)))
    (export "f" (func $f))
    (export "f-again" (func $f))
    (export "plain" (type $outer)))
  (instance $out (instantiate $c
    (with "import-func-f" (func $f)) (with "import-func-g" (func $g)) (with "import-type-rec" (type $rec2))))
  (export $shown "a:b/c@1.0.0" (instance $out))
  (alias export $shown "rec" (type $rec3))
  (alias export $out "plain" (type $plain))
  (alias export $shown "f-again" (func $again))
  (instance $bag (export "h" (func $again)) (export "t" (type $rec3)))
  (export "bag" (instance $bag))
  (export "single" (func $again)))

;;; taken: core wiring
(component
  (core module $lib
    (memory (export "memory") 3)
    (table (export "table") 5 funcref)
    (global (export "sp") (mut i32) (i32.const 16))
    (func (export "z")) (func (export "a")) (func (export "ä")))
  (core module $user
    (import "env" "memory" (memory 1))
    (import "env" "table" (table 1 funcref))
    (import "GOT" "sp" (global (mut i32)))
    (import "env" "z" (func))
    (export "again" (memory 0)))
  (core instance $l (instantiate $lib))
  (alias core export $l "memory" (core memory $mem))
  (alias core export $l "table" (core table $tab))
  (alias core export $l "sp" (core global $sp))
  (alias core export $l "z" (core func $z))
  (core instance $env (export "z" (func $z)) (export "memory" (memory $mem)) (export "table" (table $tab)))
  (core instance $got (export "sp" (global $sp)))
  (core instance $u (instantiate $user (with "env" (instance $env)) (with "GOT" (instance $got))))
  (alias core export $u "again" (core memory))
  (alias core export $env "z" (core func))
  (alias core export $l "ä" (core func)))

;;; taken: module
(component (core module $m
  (type $t (func (param i32 i64 f32 f64 v128 funcref externref) (result i32 i32)))
  (type $v (func))
  (import "b" "f" (func (type $t)))
  (import "a" "g" (global i64))
  (import "a" "m" (memory 1 65536))
  (import "a" "t" (table 3 externref))
  (import "a" "h" (global (mut f64)))
  (import "a" "f2" (func (type $v)))
  (func $one (type $v) (local i32) nop)
  (func $two (type $v))
  (table 0 10 funcref)
  (memory 2)
  (global i32 (i32.const -1))
  (global (mut i64) (i64.add (global.get 0) (i64.const 3)))
  (global funcref (ref.func $one))
  (export "x" (func $two))
  (export "" (memory 1))
  (export "b" (global 3))
  (export "ab" (table 1))
  (start $one)
  (elem (table 1) (i32.const 2) func $one $two)
  (elem func $two)
  (elem declare func $one)
  (elem (table 1) (offset (i32.add (i32.const 1) (i32.const 1))) funcref (ref.func $one) (ref.null func))
  (elem externref (ref.null extern))
  (data (i32.const 8) "hello")
  (data "passive")
  (data (memory 1) (i32.const 0) "")
  (@custom "other" "xyz")))

;;; taken: lenient
;; An export says that it is more general than it is; the component's own type is what counts.
(component
  (core module $m (func (export "f")))
  (core instance $i (instantiate $m))
  (func $f (canon lift (core func $i "f")))
  (export "f" (func $f) (func))
  (instance $in (export "f" (func $f)))
  (export "i" (instance $in) (instance)))

;;; taken: skipped declarations
;; Types of components, nested and never used ones: they have to be read over.
(component
  (type $before u8)
  (type (component
    (type $t (instance (export "r" (type (sub resource))) (export "e" (type (eq 0)))))
    (import "a" (instance (type $t)))
    (import "f" (func (param "a" (list (tuple u8 string)))))
    (import "c" (component (export "x" (func))))
    (type $r (record (field "a" u8)))
    (alias outer 1 $before (type))
    (type (option $r))
    (export "g" (func (result (option u8))))))
  (type $u (instance (type (instance (type (component)))) (type (record (field "a" u8))) (export "f" (func))))
  (import "i" (instance (type $u))))

;;; taken: nested without exports
(component
  (component $c (import "t" (type (sub resource))))
  (import "r" (type $r (sub resource)))
  (instance (instantiate $c (with "t" (type $r))))
  (component $d)
  (instance $i (instantiate $d))
  (export "i" (instance $i)))
