;; What component_decode refuses, each with its kind of error and a part of its text (make_cases.py).

;;; unsupported: resource defined by the guest at offset
(component (type $r (resource (rep i32))))

;;; unsupported: resource defined by the guest at offset
(component (type (component (type (resource (rep i32))))))

;;; unsupported: stream type at offset
(component (type (stream u8)))

;;; unsupported: stream type at offset
(component (type (instance (type (stream)))))

;;; unsupported: future type at offset
(component (type (future u8)))

;;; unsupported: error-context type at offset
(component (type error-context))

;;; unsupported: error-context type at offset
(component (type (list error-context)))

;;; unsupported: fixed-length list type at offset
(component (type (list u8 4)))

;;; unsupported: map type at offset
(component (type (map string u8)))

;;; unsupported: async function type at offset
(component (type (func async (param "a" u8))))

;;; unsupported: core type section with a module type at offset
(component (core type (module)))

;;; unsupported: core type section at offset
(component (core type (func)))

;;; unsupported: core type in a type at offset
(component (type (instance (core type (func)))))

;;; unsupported: import of a core module at offset
(component (import "a" (core module (type 0))))

;;; unsupported: import of a component at offset
(component (import "a" (component)))

;;; unsupported: value import or export at offset
(component (import "a" (value u8)))

;;; unsupported: instance type that exports an instance at offset
(component (type $i (instance (type $j (instance)) (export "j" (instance (type $j))))) (import "i" (instance (type $i))))

;;; unsupported: instance type that exports a component at offset
(component (type $i (instance (type $j (component)) (export "j" (component (type $j))))) (import "i" (instance (type $i))))

;;; unsupported: alias of a core module
(component (core module $m) (alias outer 0 $m (core module $n)))

;;; unsupported: outer alias of a component
(component (component $m) (alias outer 0 $m (component $n)))

;;; unsupported: export of a core module
(component (core module $m) (export "m" (core module $m)))

;;; unsupported: export of a component
(component (component $c) (export "c" (component $c)))

;;; unsupported: export of the imported function g at offset
(component (import "f" (func $f)) (export "g" (func $f)))

;;; unsupported: export of the imported instance a:b/c
(component (import "a:b/c" (instance $i (export "f" (func)))) (export "a:b/d" (instance $i)))

;;; unsupported: export of the imported function f
(component (import "f" (func $f)) (instance $i (export "f" (func $f))) (export "a:b/d" (instance $i)))

;;; unsupported: nested component that instantiates core modules at offset
(component (component (core module)))

;;; unsupported: nested component that has nested components
(component (component (component)))

;;; unsupported: nested component that has instances
(component (component (instance)))

;;; unsupported: nested component that has core instances
(component (component (core instance)))

;;; unsupported: nested component that has core types
(component (component (core type (func))))

;;; unsupported: nested component that has canonical definitions
(component (component (import "r" (type $r (sub resource))) (core func (canon resource.drop $r))))

;;; unsupported: nested component that imports an instance
(component (component (import "a" (instance))))

;;; unsupported: nested component that imports a core module
(component (component (import "a" (core module (type 0)))))

;;; unsupported: nested component with an alias of a core module
(component (core module $m) (component (alias outer 1 $m (core module $n))))

;;; unsupported: lower of a function that the component lifts itself
(component
  (core module $m (func (export "f")))
  (core instance $i (instantiate $m))
  (func $f (canon lift (core func $i "f")))
  (core func (canon lower (func $f))))

;;; unsupported: async lift at offset
(component
  (core module $m (func (export "f")))
  (core instance $i (instantiate $m))
  (func $f (canon lift (core func $i "f") async)))

;;; unsupported: async lower at offset
(component (import "f" (func $f)) (core func (canon lower (func $f) async)))

;;; unsupported: lift with a callback (async)
(component
  (core module $m (func (export "f")))
  (core instance $i (instantiate $m))
  (func $f (canon lift (core func $i "f") (callback (core func $i "f")))))

;;; unsupported: lower to GC values
(component (import "f" (func $f)) (core func (canon lower (func $f) gc)))

;;; unsupported: canonical built-in task.return
(component (core func (canon task.return)))

;;; unsupported: canonical built-in context.get
(component (core func (canon context.get i32 0)))

;;; unsupported: canonical built-in waitable-set.new
(component (core func (canon waitable-set.new)))

;;; unsupported: canonical built-in backpressure.inc
(component (core func (canon backpressure.inc)))

;;; unsupported: canonical built-in error-context.drop
(component (core func (canon error-context.drop)))

;;; unsupported: canonical built-in thread.available-parallelism
(component (core func (canon thread.available_parallelism)))

;;; unsupported: canonical built-in resource.new
(component (import "r" (type $r (sub resource))) (core func (canon resource.new $r)))

;;; unsupported: canonical built-in resource.rep
(component (import "r" (type $r (sub resource))) (core func (canon resource.rep $r)))

;;; unsupported: a core module handed to a component instance
(component
  (component $c (import "a" (func)))
  (core module $m)
  (instance (instantiate $c (with "a" (core module $m)))))

;;; unsupported: an instance handed to a component instance
(component (component $c) (instance $i) (instance (instantiate $c (with "a" (instance $i)))))

;;; unsupported: use of type 0, which is a component type
(component (type (component)) (type (list 0)))

;;; invalid: type 0 is not an instance type
(component (type u8) (import "a" (instance (type 0))))

;;; invalid: type 0 is not a function type
(component (type u8) (import "a" (func (type 0))))

;;; invalid: type 0 is not a value type
(component (type (func)) (type (list 0)))

;;; invalid: type 0 is not a value type
(component (import "r" (type (sub resource))) (type (list 0)))

;;; invalid: type 0 is not a resource
(component (type u8) (type (own 0)))

;;; invalid: type 7, which is not there
(component (type (list 7)))

;;; invalid: type 0, which is not there
(component (type (list 0)))

;;; invalid: type 3, which is not there
(component (import "a" (type (eq 3))))

;;; invalid: type 1, which is not there
(component (type u8) (import "a" (instance (type 1))))

;;; invalid: type 4, which is not there
(component (type (instance (export "a" (type (eq 4))))) (import "a" (instance (type 0))))

;;; invalid: alias of type 1, 1 levels out, which is not there
(component (type u8) (type (instance (alias outer 1 1 (type)))) (import "a" (instance (type 1))) (type u8))

;;; invalid: alias of type 0, 2 levels out, which is not there
(component (type u8) (type (instance (alias outer 2 0 (type)))) (import "a" (instance (type 1))))

;;; invalid: alias of type 0, 1 levels out, which is not there
(component (alias outer 1 0 (type)))

;;; invalid: alias of type 5, 0 levels out, which is not there
(component (alias outer 0 5 (type)))

;;; invalid: alias of type 0, 2 levels out, which is not there
(component (type u8) (component (alias outer 2 0 (type))))

;;; unsupported: outer alias of a core type
(component (alias outer 0 0 (core type)))

;;; unsupported: alias of a component in an instance type
(component (component $c) (type (instance (alias outer 1 $c (component $d)))) (import "a" (instance (type 0))))

;;; invalid: no fields of a record
(component (type (record)))

;;; invalid: no elements of a tuple
(component (type (tuple)))

;;; invalid: no cases of a variant
(component (type (variant)))

;;; invalid: no cases of an enum
(component (type (enum)))

;;; invalid: no flags
(component (type (flags)))

;;; limit: 33 flags, at most 32 are taken
(component (type (flags "a0" "a1" "a2" "a3" "a4" "a5" "a6" "a7" "a8" "a9" "b0" "b1" "b2" "b3" "b4" "b5" "b6" "b7" "b8" "b9"
  "c0" "c1" "c2" "c3" "c4" "c5" "c6" "c7" "c8" "c9" "d0" "d1" "d2")))

;;; invalid: the label a a second time
(component (type (record (field "a" u8) (field "b" u8) (field "a" u16))))

;;; invalid: the label a a second time
(component (type (enum "a" "b" "a")))

;;; invalid: the label x a second time
(component (type (flags "x" "x")))

;;; invalid: the label no a second time
(component (type (variant (case "no") (case "no" u8))))

;;; invalid: the label p a second time
(component (type (func (param "p" u8) (param "p" u8))))

;;; invalid: the name a a second time
(component (import "a" (func)) (import "a" (func)))

;;; invalid: the name a a second time
(component (type $t (func)) (import "a" (func (type $t))) (import "a" (instance)))

;;; invalid: the name a a second time
(component (type u8) (export "a" (type 0)) (export "a" (type 0)))

;;; invalid: the name f a second time
(component (import "i" (instance (export "f" (func)) (export "f" (func)))))

;;; invalid: the name a a second time
(component (component (import "a" (func)) (import "a" (func))))

;;; invalid: the name a a second time
(component (component (import "b" (func)) (export "a" (func 0)) (export "a" (func 0))))

;;; invalid: the name a a second time
(component (component $c) (import "f" (func $f)) (instance (instantiate $c (with "a" (func $f)) (with "a" (func $f)))))

;;; invalid: the name a a second time
(component (import "f" (func $f)) (instance (export "a" (func $f)) (export "a" (func $f))))

;;; invalid: name of an import with the byte 0x20 in it
(component (import "a b" (func)))

;;; invalid: name of an export with the byte 0x22 in it
(component (type u8) (export "a\"b" (type 0)))

;;; invalid: label with the byte 0x0a in it
(component (type (enum "a\n")))

;;; invalid: label with the byte 0xc3 in it
(component (type (enum "ä")))

;;; invalid: parameter's name with the byte 0x7f in it
(component (type (func (param "\7f" u8))))

;;; invalid: name of an export with the byte 0x5c in it
(component (import "a" (instance (export "\\" (func)))))

;;; invalid: empty name of an import
(component (type $t (func)) (import "" (func (type $t))) (import "abcd" (func (type $t))))

;;; invalid: empty label
(component (type (enum "" "abcd")))

;;; invalid: instance 0 exports no function g
(component (import "i" (instance $i (export "f" (func)))) (alias export $i "g" (func)))

;;; invalid: instance 0 exports no type f
(component (import "i" (instance $i (export "f" (func)))) (alias export $i "f" (type)))

;;; invalid: instance 0 exports no function t
(component (import "i" (instance $i (export "t" (type (sub resource))))) (alias export $i "t" (func)))

;;; unsupported: alias of an instance of an instance
(component (import "i" (instance $i)) (alias export $i "t" (instance)))

;;; invalid: instance 3, which is not there
(component (alias export 3 "f" (func)))

;;; invalid: core instance 1, which is not there
(component (core instance) (alias core export 1 "f" (core func)))

;;; invalid: core instance 0 does not export the core function that is aliased
(component
  (core module $m (func (export "f")))
  (core instance $i (instantiate $m))
  (alias core export $i "g" (core func)))

;;; invalid: core instance 0 does not export the core memory that is aliased
(component
  (core module $m (func (export "f")))
  (core instance $i (instantiate $m))
  (alias core export $i "f" (core memory)))

;;; invalid: core instance 1 does not export the core function that is aliased
(component
  (core module $m (memory (export "m") 1))
  (core instance $i (instantiate $m))
  (core instance $b (export "m" (memory $i "m")))
  (alias core export $b "m" (core func)))

;;; invalid: core module 0, which is not there
(component (core instance (instantiate 0)))

;;; invalid: core instance 1, which is not there
(component (core module $m) (core instance (instantiate $m)) (core instance (instantiate $m (with "a" (instance 1)))))

;;; invalid: core module with two arguments of one name
(component (core module $m) (core instance $i) (core instance (instantiate $m (with "a" (instance $i)) (with "a" (instance $i)))))

;;; invalid: core instance with two items of one name
(component
  (core module $m (memory (export "m") 1))
  (core instance $i (instantiate $m))
  (core instance (export "m" (memory $i "m")) (export "m" (memory $i "m"))))

;;; invalid: core memory 0, which is not there
(component (core instance (export "m" (memory 0))))

;;; invalid: function 0, which is not there
(component (core func (canon lower (func 0))))

;;; invalid: core function 2, which is not there
(component (type $t (func)) (func (type $t) (canon lift (core func 2))))

;;; invalid: core memory 0, which is not there
(component (import "f" (func $f)) (core func (canon lower (func $f) (memory 0))))

;;; invalid: realloc core function 0, which is not there
(component (import "f" (func $f)) (core func (canon lower (func $f) (realloc (core func 0)))))

;;; invalid: realloc without a memory
(component
  (core module $m (func (export "r")))
  (core instance $i (instantiate $m))
  (import "f" (func $f))
  (core func (canon lower (func $f) (realloc (core func $i "r")))))

;;; invalid: option core memory twice
(component
  (core module $m (memory (export "m") 1))
  (core instance $i (instantiate $m))
  (import "f" (func $f))
  (core func (canon lower (func $f) (memory (core memory $i "m")) (memory (core memory $i "m")))))

;;; invalid: two string encodings
(component (import "f" (func $f)) (core func (canon lower (func $f) string-encoding=utf8 string-encoding=utf8)))

;;; invalid: lower with a post-return function
(component
  (core module $m (func (export "p")))
  (core instance $i (instantiate $m))
  (import "f" (func $f))
  (core func (canon lower (func $f) (post-return (core func $i "p")))))

;;; invalid: lower without the memory that its type needs
(component (import "f" (func $f (param "a" string))) (core func (canon lower (func $f))))

;;; invalid: lower without the memory that its type needs
(component (import "f" (func $f (result (tuple u8 u8)))) (core func (canon lower (func $f))))

;;; invalid: lower without the memory that its type needs
(component (import "f" (func $f (param "a" (tuple u8 u8 u8 u8 u8 u8 u8 u8 u8)) (param "b" (tuple u8 u8 u8 u8 u8 u8 u8 u8))))
  (core func (canon lower (func $f))))

;;; invalid: lower without the realloc that its type needs
(component
  (core module $m (memory (export "m") 1))
  (core instance $i (instantiate $m))
  (import "f" (func $f (result (option string))))
  (core func (canon lower (func $f) (memory (core memory $i "m")))))

;;; invalid: lift without the realloc that its type needs
(component
  (core module $m (memory (export "m") 1) (func (export "f")))
  (core instance $i (instantiate $m))
  (func (param "a" (list u8)) (canon lift (core func $i "f") (memory (core memory $i "m")))))

;;; invalid: lift without the memory that its type needs
(component
  (core module $m (func (export "f")))
  (core instance $i (instantiate $m))
  (func (result string) (canon lift (core func $i "f"))))

;;; invalid: type 0 is not a resource
(component (type u8) (core func (canon resource.drop 0)))

;;; invalid: function type with a borrow in its result
(component (import "r" (type $r (sub resource))) (type (func (result (borrow $r)))))

;;; invalid: function type with a borrow in its result
(component (import "r" (type $r (sub resource))) (type $b (borrow $r)) (type $l (option $b)) (type (func (result (list $l)))))

;;; invalid: nested component 0, which is not there
(component (instance (instantiate 0)))

;;; invalid: no function for the import f of a nested component
(component (component $c (import "f" (func))) (instance (instantiate $c)))

;;; invalid: no function for the import f of a nested component
(component (type $t u8) (component $c (import "f" (func))) (instance (instantiate $c (with "f" (type $t)))))

;;; invalid: no type for the import t of a nested component
(component (component $c (import "t" (type (sub resource)))) (instance (instantiate $c)))

;;; invalid: function 0, which is not there
(component (component (export "f" (func 0))))

;;; invalid: type 2, which is not there
(component (component (type u8) (type u8) (export "f" (type 2))))

;;; unsupported: use of type 1, which is a component type or was made inside
(component
  (type u8)
  (component $c (type $t (record (field "a" u8))) (export "t" (type $t)))
  (instance $i (instantiate $c))
  (alias export $i "t" (type $u))
  (type (list $u)))

;;; invalid: function 9, which is not there
(component (export "f" (func 9)))

;;; invalid: instance 9, which is not there
(component (export "f" (instance 9)))

;;; unsupported: core module 0: shared memory at offset
(component (core module (memory 1 1 shared)))

;;; unsupported: core module 0: 64-bit memory at offset
(component (core module (memory i64 1)))

;;; unsupported: core module 1: 64-bit memory at offset
(component (core module) (core module (import "a" "b" (memory i64 1))))

;;; unsupported: core module 0: memory with a page size of its own
(component (core module (memory 1 (pagesize 1))))

;;; unsupported: core module 0: 64-bit table at offset
(component (core module (table i64 1 funcref)))

;;; unsupported: core module 0: tag section (exceptions) at offset
(component (core module (tag)))

;;; unsupported: core module 0: import of a tag (exceptions)
(component (core module (import "a" "b" (tag))))

;;; unsupported: core module 0: GC type (form 0x5f)
(component (core module (type (struct (field i32)))))

;;; unsupported: core module 0: GC type (form 0x5e)
(component (core module (type (array i8))))

;;; unsupported: core module 0: GC type (form 0x4e)
(component (core module (rec (type (func)) (type (func)))))

;;; unsupported: core module 0: GC type (form 0x50)
(component (core module (type (sub (func)))))

;;; unsupported: core module 0: value type 0x6e
(component (core module (type (func (param anyref)))))

;;; unsupported: core module 0: value type 0x64
(component (core module (type $t (func)) (type (func (param (ref $t))))))

;;; unsupported: core module 0: value type 0x69
(component (core module (global exnref (ref.null exn))))

;;; unsupported: core module 0: table with an initial value
(component (core module (func $f) (table 1 funcref (ref.func $f))))

;;; unsupported: core module 0: shared global
(component (core module (global (shared i32) (i32.const 0))))

;;; unsupported: core module 0: instruction 0xfb (GC)
(component (core module (global externref (extern.convert_any (ref.i31 (i32.const 0))))))

;;; invalid: core module 0: export of something that is not there
(component (core module (export "a" (func 0))))

;;; invalid: core module 0: two exports of one name
(component (core module (func (export "a") (export "b") (export "a"))))

;;; invalid: core module 0: function of type 5, which is not there
(component (core module (func (type 5))))

;;; invalid: core module 0: function of type 5, which is not there
(component (core module (import "a" "b" (func (type 5)))))

;;; invalid: core module 0: start function that is not there
(component (core module (start 3)))

;;; invalid: core module 0: start function with parameters or results
(component (core module (func $s (param i32)) (start $s)))

;;; invalid: core module 0: global.get of a global that is not there
(component (core module (global i32 (global.get 0))))

;;; invalid: core module 0: instruction 0x10 in a constant expression
(component (core module (func $f (result i32) (i32.const 0)) (global i32 (call $f))))

;;; invalid: core module 0: element segment for table 0, which is not there
(component (core module (func $f) (elem (table 0) (i32.const 0) func $f)))

;;; invalid: core module 0: element that is a function which is not there
(component (core module (table 1 funcref) (elem (i32.const 0) func 7)))

;;; invalid: core module 0: ref.func of a function that is not there
(component (core module (table 1 funcref) (elem (i32.const 0) funcref (ref.func 7))))

;;; unsupported: core module 0: element segment of type 0x6e
(component (core module (elem anyref)))

;;; invalid: core module 0: data segment for memory 0, which is not there
(component (core module (data (memory 0) (i32.const 0) "a")))

;;; invalid: core module 0: memory whose minimum exceeds its maximum
(component (core module (memory 2 1)))

;;; limit: core module 0: memory of at least 65537
(component (core module (memory 65537)))

;;; invalid: core module 0: memory of up to 65537 pages
(component (core module (memory 1 65537)))

;;; limit: core module 0: table of at least 10000001
(component (core module (table 10000001 funcref)))

;; Nothing may look like the names that the linker makes ("pk-2:f", "i#f", "[resource-drop]r").

;;; unsupported: function of an unknown kind, [resource-drop]r at offset
(component (import "i" (instance (export "r" (type (sub resource))) (export "[resource-drop]r" (func)))))

;;; unsupported: function of an unknown kind, [x at offset
(component (import "[x" (func)))

;;; invalid: function's name with the byte 0x3a in it
(component (import "i" (instance (export "pk-2:f/g" (func)))))

;;; invalid: function's name with the byte 0x3a in it
(component (import "pk-plan:f/g" (func)))

;;; invalid: function's name with the byte 0x3a in it
(component
  (core module $m (func (export "f")))
  (core instance $i (instantiate $m))
  (func $f (canon lift (core func $i "f")))
  (export "a:b/c" (func $f)))

;;; invalid: function's name with the byte 0x3a in it
(component
  (core module $m (func (export "f")))
  (core instance $i (instantiate $m))
  (func $f (canon lift (core func $i "f")))
  (instance (export "a:b/c" (func $f))))

;;; invalid: name of an import with the byte 0x23 in it
(component (import "a:b/c#d" (instance)))

;;; invalid: name of an import with the byte 0x3d in it
(component (import "url=<https://example.com>" (func)))

;;; invalid: label with the byte 0x2e in it
(component (type (enum "a.b")))
