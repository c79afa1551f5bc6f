;; What link_component refuses: `;;; KIND: TEXT`, the kind of error and a part of its text (test_resolve.c). Most of it is invalid, so that a
;; component's own validator would refuse it too; nobody runs that one.

;;; invalid: core instance 0 (module 0 at 0xa) imports function "env" "f": no instance of that name is given
(component
  (core module $m
    (import "env" "f" (func)))
  (core instance (instantiate $m))
  (instance $h)
  (export "pharia:skill/skill-handler@0.3.11" (instance $h)))

;;; invalid: imports function "env" "f": core instance 0 has no export "f"
(component
  (core module $a (memory (export "g") 1))
  (core module $m (import "env" "f" (func)))
  (core instance $i (instantiate $a))
  (core instance (instantiate $m (with "env" (instance $i))))
  (instance $h)
  (export "pharia:skill/skill-handler@0.3.11" (instance $h)))

;;; invalid: imports table "env" "f": core instance 0 has an export of another kind "f"
(component
  (core module $a (func (export "f")))
  (core module $m (import "env" "f" (table 0 funcref)))
  (core instance $i (instantiate $a))
  (core instance (instantiate $m (with "env" (instance $i))))
  (instance $h)
  (export "pharia:skill/skill-handler@0.3.11" (instance $h)))

;;; invalid: imports function "env" "g": core instance 1 has no item "g"
(component
  (core module $a (func (export "f")))
  (core module $m (import "env" "g" (func)))
  (core instance $i (instantiate $a))
  (core instance $bag (export "f" (func $i "f")))
  (core instance (instantiate $m (with "env" (instance $bag))))
  (instance $h)
  (export "pharia:skill/skill-handler@0.3.11" (instance $h)))

;;; invalid: imports memory "env" "f": core instance 1 has an item of another kind "f"
(component
  (core module $a (func (export "f")))
  (core module $m (import "env" "f" (memory 0)))
  (core instance $i (instantiate $a))
  (core instance $bag (export "f" (func $i "f")))
  (core instance (instantiate $m (with "env" (instance $bag))))
  (instance $h)
  (export "pharia:skill/skill-handler@0.3.11" (instance $h)))

;;; invalid: imports function "env" "x": function 0 of core instance 0 has another type
(component
  (core module $a (func (export "x") (param i32)))
  (core module $m (import "env" "x" (func (param i64))))
  (core instance $i (instantiate $a))
  (core instance (instantiate $m (with "env" (instance $i))))
  (instance $h)
  (export "pharia:skill/skill-handler@0.3.11" (instance $h)))

;;; invalid: imports function "env" "x": function 0 of core instance 0 has another type
(component
  (core module $a (func (export "x") (param i32)))
  (core module $m (import "env" "x" (func (param i32) (result i32))))
  (core instance $i (instantiate $a))
  (core instance (instantiate $m (with "env" (instance $i))))
  (instance $h)
  (export "pharia:skill/skill-handler@0.3.11" (instance $h)))

;;; invalid: imports function "env" "x": function 0 of core instance 0 has another type
(component
  (core module $a (func (export "x") (param i32)))
  (core module $m (import "env" "x" (func (param i32 i32))))
  (core instance $i (instantiate $a))
  (core instance (instantiate $m (with "env" (instance $i))))
  (instance $h)
  (export "pharia:skill/skill-handler@0.3.11" (instance $h)))

;;; invalid: imports table "env" "x": table 0 of core instance 0 has another type
(component
  (core module $a (table (export "x") 4 funcref))
  (core module $m (import "env" "x" (table 5 funcref)))
  (core instance $i (instantiate $a))
  (core instance (instantiate $m (with "env" (instance $i))))
  (instance $h)
  (export "pharia:skill/skill-handler@0.3.11" (instance $h)))

;;; invalid: imports table "env" "x": table 0 of core instance 0 has another type
(component
  (core module $a (table (export "x") 4 funcref))
  (core module $m (import "env" "x" (table 4 9 funcref)))
  (core instance $i (instantiate $a))
  (core instance (instantiate $m (with "env" (instance $i))))
  (instance $h)
  (export "pharia:skill/skill-handler@0.3.11" (instance $h)))

;;; invalid: imports table "env" "x": table 0 of core instance 0 has another type
(component
  (core module $a (table (export "x") 4 10 funcref))
  (core module $m (import "env" "x" (table 4 9 funcref)))
  (core instance $i (instantiate $a))
  (core instance (instantiate $m (with "env" (instance $i))))
  (instance $h)
  (export "pharia:skill/skill-handler@0.3.11" (instance $h)))

;;; invalid: imports table "env" "x": table 0 of core instance 0 has another type
(component
  (core module $a (table (export "x") 4 funcref))
  (core module $m (import "env" "x" (table 4 externref)))
  (core instance $i (instantiate $a))
  (core instance (instantiate $m (with "env" (instance $i))))
  (instance $h)
  (export "pharia:skill/skill-handler@0.3.11" (instance $h)))

;;; invalid: imports memory "env" "x": memory 0 of core instance 0 has another type
(component
  (core module $a (memory (export "x") 1))
  (core module $m (import "env" "x" (memory 2)))
  (core instance $i (instantiate $a))
  (core instance (instantiate $m (with "env" (instance $i))))
  (instance $h)
  (export "pharia:skill/skill-handler@0.3.11" (instance $h)))

;;; invalid: imports memory "env" "x": memory 0 of core instance 0 has another type
(component
  (core module $a (memory (export "x") 1))
  (core module $m (import "env" "x" (memory 1 2)))
  (core instance $i (instantiate $a))
  (core instance (instantiate $m (with "env" (instance $i))))
  (instance $h)
  (export "pharia:skill/skill-handler@0.3.11" (instance $h)))

;;; invalid: imports memory "env" "x": memory 0 of core instance 0 has another type
(component
  (core module $a (memory (export "x") 1 3))
  (core module $m (import "env" "x" (memory 1 2)))
  (core instance $i (instantiate $a))
  (core instance (instantiate $m (with "env" (instance $i))))
  (instance $h)
  (export "pharia:skill/skill-handler@0.3.11" (instance $h)))

;;; invalid: imports global "env" "x": global 0 of core instance 0 has another type
(component
  (core module $a (global (export "x") i32 (i32.const 1)))
  (core module $m (import "env" "x" (global i64)))
  (core instance $i (instantiate $a))
  (core instance (instantiate $m (with "env" (instance $i))))
  (instance $h)
  (export "pharia:skill/skill-handler@0.3.11" (instance $h)))

;;; invalid: imports global "env" "x": global 0 of core instance 0 has another type
(component
  (core module $a (global (export "x") i32 (i32.const 1)))
  (core module $m (import "env" "x" (global (mut i32))))
  (core instance $i (instantiate $a))
  (core instance (instantiate $m (with "env" (instance $i))))
  (instance $h)
  (export "pharia:skill/skill-handler@0.3.11" (instance $h)))

;;; invalid: imports global "env" "x": global 0 of core instance 0 has another type
(component
  (core module $a (global (export "x") (mut i32) (i32.const 1)))
  (core module $m (import "env" "x" (global i32)))
  (core instance $i (instantiate $a))
  (core instance (instantiate $m (with "env" (instance $i))))
  (instance $h)
  (export "pharia:skill/skill-handler@0.3.11" (instance $h)))

;;; unsupported: core instance 1 (module 1 at 0x24): it defines a second memory
(component
  (core module $a (memory 1))
  (core module $m (memory 1))
  (core instance (instantiate $a))
  (core instance (instantiate $m))
  (instance $h)
  (export "pharia:skill/skill-handler@0.3.11" (instance $h)))

;;; unsupported: it defines a second memory
(component
  (core module $m (memory 1))
  (core instance (instantiate $m))
  (core instance (instantiate $m))
  (instance $h)
  (export "pharia:skill/skill-handler@0.3.11" (instance $h)))

;;; unsupported: it defines a second memory
(component
  (core module $m
    (memory 1) (memory 1))
  (core instance (instantiate $m))
  (instance $h)
  (export "pharia:skill/skill-handler@0.3.11" (instance $h)))

;;; limit: the component has 17 tables; the limit is 16
(component
  (core module $m
    (table 1 funcref) (table 1 funcref) (table 1 funcref) (table 1 funcref) (table 1 funcref) (table 1 funcref) (table 1 funcref) (table 1 funcref) (table 1 funcref) (table 1 funcref) (table 1 funcref) (table 1 funcref) (table 1 funcref) (table 1 funcref) (table 1 funcref) (table 1 funcref) (table 1 funcref))
  (core instance (instantiate $m))
  (instance $h)
  (export "pharia:skill/skill-handler@0.3.11" (instance $h)))

;;; limit: table 0 begins with 1000001 elements, the tables before it with 0; the limit of all tables of a component is 1000000 together
(component
  (core module $m
    (table 1000001 funcref))
  (core instance (instantiate $m))
  (instance $h)
  (export "pharia:skill/skill-handler@0.3.11" (instance $h)))

;;; limit: table 0 begins with 400000 elements, the tables before it with 800000; the limit of all tables of a component is 1000000 together
(component
  (core module $m
    (table 400000 funcref))
  (core instance (instantiate $m))
  (core instance (instantiate $m))
  (core instance (instantiate $m))
  (instance $h)
  (export "pharia:skill/skill-handler@0.3.11" (instance $h)))

;;; invalid: realloc has another type than (i32 i32 i32 i32) -> i32
(component
  (import "test:host/io@0.2.0" (instance $io (export "get" (func (result string))) (export "one" (func (param "x" u32)))))
  (core module $c (memory (export "m") 1) (func (export "r") (param i32 i32 i32) (result i32) unreachable))
  (core instance $c (instantiate $c))
  (core func $get (canon lower (func $io "get") (memory (core memory $c "m")) (realloc (core func $c "r"))))
  (core instance $host (export "get" (func $get)))
  (core module $m (import "host" "get" (func (param i32))))
  (core instance (instantiate $m (with "host" (instance $host))))
  (instance $h)
  (export "pharia:skill/skill-handler@0.3.11" (instance $h)))

;;; unsupported: realloc is a host function
(component
  (import "test:host/io@0.2.0" (instance $io (export "get" (func (result string))) (export "one" (func (param "x" u32)))))
  (core module $c (memory (export "m") 1))
  (core instance $c (instantiate $c))
  (core func $one (canon lower (func $io "one")))
  (core func $get (canon lower (func $io "get") (memory (core memory $c "m")) (realloc (core func $one))))
  (core instance $host (export "get" (func $get)))
  (core module $m (import "host" "get" (func (param i32))))
  (core instance (instantiate $m (with "host" (instance $host))))
  (instance $h)
  (export "pharia:skill/skill-handler@0.3.11" (instance $h)))

;;; invalid: import "host" "get" has another type than its lowering
(component
  (import "test:host/io@0.2.0" (instance $io (export "get" (func (result string))) (export "one" (func (param "x" u32)))))
  (core module $c (memory (export "m") 1) (func (export "r") (param i32 i32 i32 i32) (result i32) unreachable))
  (core instance $c (instantiate $c))
  (core func $get (canon lower (func $io "get") (memory (core memory $c "m")) (realloc (core func $c "r"))))
  (core instance $host (export "get" (func $get)))
  (core module $m (import "host" "get" (func (result i32))))
  (core instance (instantiate $m (with "host" (instance $host))))
  (instance $h)
  (export "pharia:skill/skill-handler@0.3.11" (instance $h)))

;;; invalid: core instance 2 (module 1 at 0x8b): import "host" "one" has another type than its lowering
(component
  (import "test:host/io@0.2.0" (instance $io (export "get" (func (result string))) (export "one" (func (param "x" u32)))))
  (core func $one (canon lower (func $io "one")))
  (core instance $host (export "one" (func $one)))
  (core module $a (import "host" "one" (func (param i32))))
  (core module $m (import "host" "one" (func (param i64))))
  (core instance (instantiate $a (with "host" (instance $host))))
  (core instance (instantiate $m (with "host" (instance $host))))
  (instance $h)
  (export "pharia:skill/skill-handler@0.3.11" (instance $h)))

;;; unsupported: import "f" belongs to no interface
(component
  (import "f" (func $f))
  (core func $g (canon lower (func $f)))
  (core instance $host (export "f" (func $g)))
  (core module $m (import "host" "f" (func)))
  (core instance (instantiate $m (with "host" (instance $host))))
  (instance $h)
  (export "pharia:skill/skill-handler@0.3.11" (instance $h)))

;;; unsupported: import "pk" "put": names of that form are the kernel's own
(component
  (import "pk" (instance $pk (export "put" (func))))
  (core func $g (canon lower (func $pk "put")))
  (core instance $host (export "f" (func $g)))
  (core module $m (import "host" "f" (func)))
  (core instance (instantiate $m (with "host" (instance $host))))
  (instance $h)
  (export "pharia:skill/skill-handler@0.3.11" (instance $h)))

;;; invalid: realloc has another type than
(component
  (core module $m (memory (export "memory") 1) (func (export "run") (param i32 i32)) (func (export "r")))
  (core instance $i (instantiate $m))
  (func $run (param "x" string) (canon lift (core func $i "run") (memory (core memory $i "memory")) (realloc (core func $i "r"))))
  (instance $h (export "run" (func $run)))
  (export "pharia:skill/skill-handler@0.3.11" (instance $h)))

;;; invalid: post-return does not take the function's result
(component
  (core module $m (memory (export "memory") 1) (func (export "run") (result i32) unreachable) (func (export "p")))
  (core instance $i (instantiate $m))
  (func $run (result string) (canon lift (core func $i "run") (memory (core memory $i "memory")) (post-return (core func $i "p"))))
  (instance $h (export "run" (func $run)))
  (export "pharia:skill/skill-handler@0.3.11" (instance $h)))

;;; invalid: core function has 2 results
(component
  (core module $m (memory (export "memory") 1) (func (export "run") (result i32 i32) unreachable))
  (core instance $i (instantiate $m))
  (func $run (result u32) (canon lift (core func $i "run") (memory (core memory $i "memory"))))
  (instance $h (export "run" (func $run)))
  (export "pharia:skill/skill-handler@0.3.11" (instance $h)))

;;; unsupported: core function is a host function
(component
  (import "test:host/io@0.2.0" (instance $io (export "one" (func (param "x" u32)))))
  (core func $one (canon lower (func $io "one")))
  (func $run (param "x" u32) (canon lift (core func $one)))
  (instance $h (export "run" (func $run)))
  (export "pharia:skill/skill-handler@0.3.11" (instance $h)))

;;; unsupported: core instance 0 (module 0 at 0xa): its start function runs before core instance 1 (module 1) gets its active element segments
(component
  (core module $a (table (export "t") 1 funcref) (func $s) (start $s))
  (core module $m (import "a" "t" (table 1 funcref)) (func $f) (elem (i32.const 0) func $f))
  (core instance $i (instantiate $a))
  (core instance (instantiate $m (with "a" (instance $i))))
  (instance $h)
  (export "pharia:skill/skill-handler@0.3.11" (instance $h)))

;;; unsupported: gets its active data segments
(component
  (core module $a (memory (export "m") 1) (func $s) (start $s))
  (core module $m (import "a" "m" (memory 1)) (data (i32.const 0) "x"))
  (core module $empty (import "a" "m" (memory 1)) (data (i32.const 0) ""))
  (core instance $i (instantiate $a))
  (core instance (instantiate $m (with "a" (instance $i))))
  (core instance (instantiate $empty (with "a" (instance $i))))
  (instance $h)
  (export "pharia:skill/skill-handler@0.3.11" (instance $h)))

;;; invalid: data segment 0 at 0x21 ends at 65537, beyond the memory's 1 pages
(component
  (core module $m
    (memory 1) (data (i32.const 65535) "xy"))
  (core instance (instantiate $m))
  (instance $h)
  (export "pharia:skill/skill-handler@0.3.11" (instance $h)))

;;; invalid: beyond the memory's 1 pages
(component
  (core module $m
    (memory 1) (data (i32.const -1) ""))
  (core instance (instantiate $m))
  (instance $h)
  (export "pharia:skill/skill-handler@0.3.11" (instance $h)))

;;; invalid: beyond the memory's 0 pages
(component
  (core module $m
    (memory 0) (data (i32.const 0) "x"))
  (core instance (instantiate $m))
  (instance $h)
  (export "pharia:skill/skill-handler@0.3.11" (instance $h)))

;;; invalid: element segment 0 ends at 3, beyond its table's 2 elements
(component
  (core module $m
    (table 2 funcref) (func $f) (elem (i32.const 2) func $f))
  (core instance (instantiate $m))
  (instance $h)
  (export "pharia:skill/skill-handler@0.3.11" (instance $h)))

;;; invalid: element segment 0 is of another type than its table
(component
  (core module $m
    (table 2 funcref) (elem (table 0) (i32.const 0) externref (ref.null extern)))
  (core instance (instantiate $m))
  (instance $h)
  (export "pharia:skill/skill-handler@0.3.11" (instance $h)))

;;; invalid: core instance 0 (module 0 at 0xa): global 1: constant expression reads global 0, which is mutable or not yet known
(component
  (core module $m
    (global (mut i32) (i32.const 1)) (global i32 (global.get 0)))
  (core instance (instantiate $m))
  (instance $h)
  (export "pharia:skill/skill-handler@0.3.11" (instance $h)))

;;; invalid: global 0: its constant expression at 0x17 gives a value of another type
(component
  (core module $m
    (global i32 (i64.const 1)))
  (core instance (instantiate $m))
  (instance $h)
  (export "pharia:skill/skill-handler@0.3.11" (instance $h)))

;;; invalid: gives a value of another type
(component
  (core module $m
    (global f32 (i32.const 1)))
  (core instance (instantiate $m))
  (instance $h)
  (export "pharia:skill/skill-handler@0.3.11" (instance $h)))

;;; invalid: gives a value of another type
(component
  (core module $m
    (global i32 (i32.const 1) (i32.const 2)))
  (core instance (instantiate $m))
  (instance $h)
  (export "pharia:skill/skill-handler@0.3.11" (instance $h)))

;;; invalid: gives a value of another type
(component
  (core module $m
    (global funcref (ref.null extern)))
  (core instance (instantiate $m))
  (instance $h)
  (export "pharia:skill/skill-handler@0.3.11" (instance $h)))

;;; invalid: constant expression computes with values of another type
(component
  (core module $m
    (global i32 (i32.add (i32.const 1) (i64.const 2))))
  (core instance (instantiate $m))
  (instance $h)
  (export "pharia:skill/skill-handler@0.3.11" (instance $h)))

;;; invalid: constant expression computes with values of another type
(component
  (core module $m
    (global i64 (i64.mul (i64.const 2))))
  (core instance (instantiate $m))
  (instance $h)
  (export "pharia:skill/skill-handler@0.3.11" (instance $h)))

;;; invalid: offset of a data segment: its constant expression
(component
  (core module $m
    (memory 1) (data (i64.const 0) "x"))
  (core instance (instantiate $m))
  (instance $h)
  (export "pharia:skill/skill-handler@0.3.11" (instance $h)))

;;; invalid: offset of an element segment: its constant expression
(component
  (core module $m
    (table 1 funcref) (func $f) (elem (i64.const 0) func $f))
  (core instance (instantiate $m))
  (instance $h)
  (export "pharia:skill/skill-handler@0.3.11" (instance $h)))

;;; invalid: core instance 0 (module 0 at 0xa): an element: its constant expression at 0x20 gives
(component
  (core module $m
    (table 1 funcref) (elem (i32.const 0) funcref (i32.const 0)))
  (core instance (instantiate $m))
  (instance $h)
  (export "pharia:skill/skill-handler@0.3.11" (instance $h)))

;;; unsupported: function 0: instruction 0xfc 0x13 of the wide arithmetic proposal is not supported
(component
  (core module $m
    (func (param i32) (result i32) (i64.add128 (i64.const 0) (i64.const 0) (i64.const 0) (i64.const 0)) unreachable))
  (core instance (instantiate $m))
  (instance $h)
  (export "pharia:skill/skill-handler@0.3.11" (instance $h)))

;;; unsupported: instruction 0xfe 0x10 of the threads proposal
(component
  (core module $m
    (memory 1) (func (param i32) (result i32) (i32.atomic.load (i32.const 0))))
  (core instance (instantiate $m))
  (instance $h)
  (export "pharia:skill/skill-handler@0.3.11" (instance $h)))

;;; unsupported: instruction 0xd4 of the typed function references proposal
(component
  (core module $m
    (func (param i32) (result i32) ref.as_non_null unreachable))
  (core instance (instantiate $m))
  (instance $h)
  (export "pharia:skill/skill-handler@0.3.11" (instance $h)))

;;; unsupported: instruction 0x0a of the exception handling proposal
(component
  (core module $m
    (func (param i32) (result i32) throw_ref))
  (core instance (instantiate $m))
  (instance $h)
  (export "pharia:skill/skill-handler@0.3.11" (instance $h)))

;;; unsupported: instruction 0xfb 0x1c of the GC proposal
(component
  (core module $m
    (func (param i32) (result i32) (ref.i31 (i32.const 0)) unreachable))
  (core instance (instantiate $m))
  (instance $h)
  (export "pharia:skill/skill-handler@0.3.11" (instance $h)))

;;; unsupported: instruction 0x14 of the typed function references proposal
(component
  (core module $m
    (func (param i32) (result i32) call_ref 0))
  (core instance (instantiate $m))
  (instance $h)
  (export "pharia:skill/skill-handler@0.3.11" (instance $h)))

;;; unsupported: instruction 0xd3 of the GC proposal
(component
  (core module $m
    (func (param i32) (result i32) ref.eq))
  (core instance (instantiate $m))
  (instance $h)
  (export "pharia:skill/skill-handler@0.3.11" (instance $h)))

;;; unsupported: value type that is not of WebAssembly 2.0
(component
  (core module $m
    (func (param i32) (result i32) (local anyref) unreachable))
  (core instance (instantiate $m))
  (instance $h)
  (export "pharia:skill/skill-handler@0.3.11" (instance $h)))

;;; unsupported: value type that is not of WebAssembly 2.0
(component
  (core module $m
    (func (param i32) (result i32) (block (result anyref) unreachable) unreachable))
  (core instance (instantiate $m))
  (instance $h)
  (export "pharia:skill/skill-handler@0.3.11" (instance $h)))

;;; unsupported: value type that is not of WebAssembly 2.0
(component
  (core module $m
    (func (param i32) (result i32) (select (result anyref) unreachable) unreachable))
  (core instance (instantiate $m))
  (instance $h)
  (export "pharia:skill/skill-handler@0.3.11" (instance $h)))

;;; unsupported: reference type that is not of WebAssembly 2.0
(component
  (core module $m
    (func (param i32) (result i32) ref.null any unreachable))
  (core instance (instantiate $m))
  (instance $h)
  (export "pharia:skill/skill-handler@0.3.11" (instance $h)))

;;; invalid: core instance 0 (module 0 at 0xa): function 0: there is no function 9 at offset
(component
  (core module $m
    (func (param i32) (result i32) call 9))
  (core instance (instantiate $m))
  (instance $h)
  (export "pharia:skill/skill-handler@0.3.11" (instance $h)))

;;; invalid: there is no global 9
(component
  (core module $m
    (func (param i32) (result i32) global.get 9))
  (core instance (instantiate $m))
  (instance $h)
  (export "pharia:skill/skill-handler@0.3.11" (instance $h)))

;;; invalid: there is no table 9
(component
  (core module $m
    (func (param i32) (result i32) table.get 9))
  (core instance (instantiate $m))
  (instance $h)
  (export "pharia:skill/skill-handler@0.3.11" (instance $h)))

;;; invalid: there is no type 9
(component
  (core module $m
    (table 1 funcref) (func (param i32) (result i32) (call_indirect (type 9))))
  (core instance (instantiate $m))
  (instance $h)
  (export "pharia:skill/skill-handler@0.3.11" (instance $h)))

;;; invalid: there is no table 0
(component
  (core module $m
    (func (param i32) (result i32) (call_indirect (type 0))))
  (core instance (instantiate $m))
  (instance $h)
  (export "pharia:skill/skill-handler@0.3.11" (instance $h)))

;;; invalid: there is no type 9
(component
  (core module $m
    (func (param i32) (result i32) block (type 9) end))
  (core instance (instantiate $m))
  (instance $h)
  (export "pharia:skill/skill-handler@0.3.11" (instance $h)))

;;; invalid: there is no memory 0
(component
  (core module $m
    (func (param i32) (result i32) memory.grow))
  (core instance (instantiate $m))
  (instance $h)
  (export "pharia:skill/skill-handler@0.3.11" (instance $h)))

;;; invalid: there is no memory 1
(component
  (core module $m
    (memory 1) (func (param i32) (result i32) memory.size 1))
  (core instance (instantiate $m))
  (instance $h)
  (export "pharia:skill/skill-handler@0.3.11" (instance $h)))

;;; invalid: there is no memory 0
(component
  (core module $m
    (func (param i32) (result i32) memory.fill))
  (core instance (instantiate $m))
  (instance $h)
  (export "pharia:skill/skill-handler@0.3.11" (instance $h)))

;;; invalid: there is no memory 1
(component
  (core module $m
    (memory 1) (func (param i32) (result i32) (i32.load 1 (i32.const 0))))
  (core instance (instantiate $m))
  (instance $h)
  (export "pharia:skill/skill-handler@0.3.11" (instance $h)))

;;; invalid: there is no data segment 0
(component
  (core module $m
    (memory 1) (func (param i32) (result i32) memory.init 0))
  (core instance (instantiate $m))
  (instance $h)
  (export "pharia:skill/skill-handler@0.3.11" (instance $h)))

;;; invalid: there is no data segment 3
(component
  (core module $m
    (memory 1) (data "x") (func (param i32) (result i32) data.drop 3))
  (core instance (instantiate $m))
  (instance $h)
  (export "pharia:skill/skill-handler@0.3.11" (instance $h)))

;;; invalid: there is no element segment 0
(component
  (core module $m
    (table 1 funcref) (func (param i32) (result i32) table.init 0))
  (core instance (instantiate $m))
  (instance $h)
  (export "pharia:skill/skill-handler@0.3.11" (instance $h)))

;;; invalid: there is no element segment 0
(component
  (core module $m
    (table 1 funcref) (func (param i32) (result i32) elem.drop 0))
  (core instance (instantiate $m))
  (instance $h)
  (export "pharia:skill/skill-handler@0.3.11" (instance $h)))

;;; invalid: there is no function 9
(component
  (core module $m
    (func (param i32) (result i32) ref.func 9))
  (core instance (instantiate $m))
  (instance $h)
  (export "pharia:skill/skill-handler@0.3.11" (instance $h)))

;;; unsupported: core instance 0 (module 0 at 0xa): table 1 keeps externref
(component
  (core module $m (table 2 funcref) (table 0 externref))
  (core instance (instantiate $m))
  (instance $h)
  (export "pharia:skill/skill-handler@0.3.11" (instance $h)))

;;; unsupported: core instance 0 (module 0 at 0xa): global 0 keeps externref
(component
  (core module $m (global externref (ref.null extern)))
  (core instance (instantiate $m))
  (instance $h)
  (export "pharia:skill/skill-handler@0.3.11" (instance $h)))

;;; unsupported: core instance 0 (module 0 at 0xa): element segment 0 keeps externref
(component
  (core module $m (elem externref (ref.null extern)))
  (core instance (instantiate $m))
  (instance $h)
  (export "pharia:skill/skill-handler@0.3.11" (instance $h)))
