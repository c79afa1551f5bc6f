"""Random components for the judge.

generate.py echo SEED ENCODING GROW OUT     random signatures: each exported function hands what it gets to an imported function, which
                                            gives it back; GROW 1: every allocation of the guest grows its memory
generate.py handles SEED OUT                random sequences of making, lending, giving away and dropping handles; some of them wrong
"""
import random
import re
import subprocess
import sys
import tempfile
from pathlib import Path

PRIMITIVES = ["bool", "s8", "u8", "s16", "u16", "s32", "u32", "s64", "u64", "f32", "f64", "char", "string"]
HANDLER = "pharia:skill/skill-handler@0.3.11"


def tool(*args):
    return subprocess.run(["wasm-tools", *args], check=True, capture_output=True, text=True).stdout


class Types:
    """Random WIT types; records, variants, enums and flags get names."""

    def __init__(self, rnd):
        self.rnd, self.definitions = rnd, []

    def define(self, text):
        name = f"t{len(self.definitions)}"
        self.definitions.append(text.replace("%", name))
        return name

    def fixed(self):
        """Shapes that have been traps."""
        define = self.define
        return [define("variant % { a, b(u8), c(f32), d(u64), e(string), f(f64), g(tuple<f32, u8, f64>) }"), "list<bool>", "list<char>",
                "list<f32>", "tuple<u8, u64, u8, string>", "result<u8, f32>", "result<f64, u32>", "result<list<u8>, string>", "result",
                "option<f32>", "option<option<u8>>", "list<list<u16>>", "list<list<string>>", "list<option<tuple<u8, f64>>>",
                define("record % { " + ", ".join(f"x{i}: u64" for i in range(17)) + " }"),
                define("record % { " + ", ".join(f"x{i}: u16" for i in range(16)) + " }"),
                define("record % { " + ", ".join(f"x{i}: string" for i in range(9)) + " }"),
                define("record % { " + ", ".join(f"x{i}: string" for i in range(8)) + " }"),
                define("record % { a: option<string>, b: option<list<u8>>, c: bool }"),
                define("enum % { " + ", ".join(f"e{i}" for i in range(300)) + " }"), *PRIMITIVES]

    def random(self, depth):
        rnd = self.rnd
        sub = lambda: self.random(depth - 1)  # noqa: E731
        kinds = ["list", "list", "record", "tuple", "variant", "enum", "option", "result", "flags"]
        kind = rnd.choice(["primitive"] * 4 + kinds) if depth else "primitive"
        count = range(rnd.randint(1, 6))
        if kind == "primitive":
            return rnd.choice(PRIMITIVES)
        if kind in ("list", "option"):
            return f"{kind}<{sub()}>"
        if kind == "tuple":
            return "tuple<" + ", ".join(sub() for _ in count[:4]) + ">"
        if kind == "result":
            ok, error = (sub() if rnd.random() < .7 else "_" for _ in range(2))
            return "result" if ok == error == "_" else f"result<{ok}>" if error == "_" else f"result<{ok}, {error}>"
        if kind == "record":
            return self.define("record % { " + ", ".join(f"f{i}: {sub()}" for i in count) + " }")
        if kind == "variant":
            return self.define("variant % { " + ", ".join(f"c{i}" + (f"({sub()})" if rnd.random() < .75 else "") for i in count) + " }")
        if kind == "enum":
            return self.define("enum % { " + ", ".join(f"e{i}" for i in range(rnd.choice([1, 2, 5, 257]))) + " }")
        return self.define("flags % { " + ", ".join(f"b{i}" for i in range(rnd.choice([1, 3, 8, 9, 16, 17, 32]))) + " }")


def realloc(grow):
    """A bump allocator; with `grow` each allocation starts a new page."""
    return f"""(func $realloc (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (local i32)
  (if (i32.and (i32.ne (local.get 0) (i32.const 0)) (i32.le_u (local.get 3) (local.get 1))) (then (return (local.get 0))))
  {"(global.set $top (i32.mul (memory.size) (i32.const 65536)))" if grow else ""}
  (local.set 4 (i32.and (i32.add (global.get $top) (i32.sub (local.get 2) (i32.const 1))) (i32.sub (i32.const 0) (local.get 2))))
  (global.set $top (i32.add (local.get 4) (local.get 3)))
  (if (i32.gt_u (global.get $top) (i32.mul (memory.size) (i32.const 65536)))
    (then (drop (memory.grow (i32.add (i32.const 1)
      (i32.div_u (i32.sub (global.get $top) (i32.mul (memory.size) (i32.const 65536))) (i32.const 65536)))))))
  (memory.copy (local.get 4) (local.get 0) (local.get 1))
  (local.get 4))"""


def core_types(wit, world, encoding):
    """Flat types of the imported functions, read from the dummy module that wasm-tools makes of the world."""
    wat = tool("component", "embed", wit, "--world", world, "--encoding", encoding, "--dummy-names", "legacy", "-t")
    types = {}
    for match in re.finditer(r"\(type \(;(\d+);\) \(func((?: \(param[^)]*\))?)((?: \(result[^)]*\))?)\)\)", wat):
        types[match[1]] = [part.replace("(param", "").replace("(result", "").replace(")", "").split() for part in match.groups()[1:]]
    return {match[2]: types[match[3]]
            for match in re.finditer(r'\(import "([^"]+)" "([^"]+)" \(func \(;\d+;\) \(type (\d+)\)', wat)}


def echo_function(name, params, results):
    by_pointer = not results
    handed = params[:-1] if by_pointer else params
    text = f'(func (export "{HANDLER}#{name}")' + "".join(f" (param {x})" for x in handed) + f" (result {'i32' if by_pointer else results[0]})"
    pointer = f" (local.get {len(handed)})"
    if by_pointer:
        text += f" (local i32) (local.set {len(handed)} (call $realloc (i32.const 0) (i32.const 0) (i32.const 8) (i32.const 4096)))"
    text += "".join(f" (local.get {i})" for i in range(len(handed))) + (pointer if by_pointer else "") + f" (call ${name})"
    return text + (pointer if by_pointer else "") + ")"


def component(folder, wit_text, world, encoding, core_text, out):
    (folder / "core.wat").write_text(core_text)
    tool("parse", folder / "core.wat", "-o", folder / "core.wasm")
    tool("component", "embed", folder / "w.wit", folder / "core.wasm", "--world", world, "--encoding", encoding, "-o", folder / "e.wasm")
    tool("component", "new", folder / "e.wasm", "-o", out)


def echo(folder, seed, encoding, grow, out):
    rnd = random.Random(seed)
    types = Types(rnd)
    chosen = types.fixed() + [types.random(3) for _ in range(60)]
    functions = [(f"fn{i}", [t], t) for i, t in enumerate(chosen)]
    for i in range(25):
        params = [types.random(2) for _ in range(rnd.randint(2, 8))]
        functions.append((f"gn{i}", params, "tuple<" + ", ".join(params) + ">"))
    used = sorted(set(re.findall(r"\bt\d+\b", " ".join(" ".join(f[1]) for f in functions))))
    use = f"  use types.{{{', '.join(used)}}};\n" if used else ""
    lines = "\n".join(f"  {n}: func(" + ", ".join(f"p{i}: {p}" for i, p in enumerate(ps)) + f") -> {r};" for n, ps, r in functions)
    wit = "package pharia:skill@0.3.11;\ninterface types {\n  " + "\n  ".join(types.definitions) + "\n}\n"
    wit += "".join(f"interface {i} {{\n{use}{lines}\n}}\n" for i in ("echo", "skill-handler"))
    (folder / "w.wit").write_text(wit + "world w { import echo; export skill-handler; }\n")
    flat = core_types(folder / "w.wit", "w", encoding)
    core = ["(module"]
    for name, (params, results) in flat.items():
        core.append(f'(import "pharia:skill/echo@0.3.11" "{name}" (func ${name}' + "".join(f" (param {x})" for x in params)
                    + "".join(f" (result {x})" for x in results) + "))")
    core.append('(memory (export "memory") 2) (global $top (mut i32) (i32.const 1024))')
    core.append(realloc(grow))
    core += [echo_function(name, *flat[name]) for name in flat]
    component(folder, wit, "w", encoding, "\n".join(core) + ")", out)


THINGS = """package pharia:skill@0.3.11;
interface things {
  resource apple { constructor(n: u32); weigh: func() -> u32; }
  resource pear { constructor(n: u32); }
  compare: func(a: borrow<apple>, b: borrow<apple>) -> u32;
  mix: func(a: borrow<apple>, b: borrow<pear>) -> u32;
  eat: func(a: apple) -> u32;
  eat-pear: func(a: pear) -> u32;
  sum: func(all: list<borrow<apple>>) -> u32;
  both: func(n: u32) -> tuple<apple, pear>;
}
interface skill-handler { %s }
world w { import things; export skill-handler; }
"""
THING_TYPES = {"[constructor]apple": "(param i32) (result i32)", "[constructor]pear": "(param i32) (result i32)",
               "[method]apple.weigh": "(param i32) (result i32)", "compare": "(param i32 i32) (result i32)",
               "mix": "(param i32 i32) (result i32)", "eat": "(param i32) (result i32)", "eat-pear": "(param i32) (result i32)",
               "sum": "(param i32 i32) (result i32)", "both": "(param i32 i32)",
               "[resource-drop]apple": "(param i32)", "[resource-drop]pear": "(param i32)"}


class Sequence:
    """One exported function: a straight line of operations on handles; every number it sees goes into the result, a hash."""

    def __init__(self, rnd):
        self.rnd, self.lines, self.live, self.count = rnd, [], {"apple": [], "pear": []}, 0

    def note(self, expression):
        self.lines.append(f"(local.set $h (i32.add (i32.mul (local.get $h) (i32.const 31)) {expression}))")

    def handle(self, kind):
        """A local that holds a live handle of that kind; now and then a wrong one."""
        if self.rnd.random() < .02:
            return f"(i32.const {self.rnd.choice([0, 1, 2, 3, 77, -1])})"
        return f"(local.get ${self.rnd.choice(self.live[kind])})"

    def made(self, kind):
        name = f"x{self.count}"
        self.count += 1
        self.live[kind].append(name)
        return name

    def new(self, kind):
        value = self.rnd.randint(0, 1000)
        self.lines.append(f'(local.set ${self.made(kind)} (call $_constructor_{kind} (i32.const {value})))')
        self.note(f"(local.get ${self.live[kind][-1]})")  # the index itself must be equal, too

    def gone(self, kind, call):
        name = self.rnd.choice(self.live[kind])
        if self.rnd.random() > .02:  # else it is used again although it is gone
            self.live[kind].remove(name)
        self.lines.append(call.replace("%", f"(local.get ${name})"))

    def step(self):
        apples, pears = self.live["apple"], self.live["pear"]
        operation = self.rnd.choice(["apple", "pear", "weigh", "compare", "mix", "eat", "eat-pear", "sum", "both", "drop", "drop-pear"])
        if operation in ("apple", "pear"):
            self.new(operation)
        elif operation == "both":
            self.lines.append(f"(call $both (i32.const {self.rnd.randint(0, 99)}) (i32.const 512))")
            for kind, offset in (("apple", 512), ("pear", 516)):
                self.lines.append(f"(local.set ${self.made(kind)} (i32.load (i32.const {offset})))")
                self.note(f"(local.get ${self.live[kind][-1]})")
        elif operation == "weigh" and apples:
            self.note(f"(call $_method_apple.weigh {self.handle('apple')})")
        elif operation == "compare" and len(apples) > 1:
            self.note(f"(call $compare {self.handle('apple')} {self.handle('apple')})")
        elif operation == "mix" and apples and pears:
            self.note(f"(call $mix {self.handle('apple')} {self.handle('pear')})")
        elif operation == "eat" and apples:
            self.gone("apple", "(local.set $h (i32.add (local.get $h) (call $eat %)))")
        elif operation == "eat-pear" and pears:
            self.gone("pear", "(local.set $h (i32.add (local.get $h) (call $eat-pear %)))")
        elif operation == "sum":
            lent = self.rnd.sample(apples, self.rnd.randint(0, len(apples)))
            for i, name in enumerate(lent):
                self.lines.append(f"(i32.store (i32.const {1024 + 4 * i}) (local.get ${name}))")
            self.note(f"(call $sum (i32.const 1024) (i32.const {len(lent)}))")
        elif operation == "drop" and apples:
            self.gone("apple", "(call $_resource-drop_apple %)")
        elif operation == "drop-pear" and pears:
            self.gone("pear", "(call $_resource-drop_pear %)")

    def text(self, name):
        for _ in range(self.rnd.randint(3, 60)):
            self.step()
        # what is left is dropped: Wasmtime's C API complains about nothing here, but a skill would
        names = "".join(f" (local $x{i} i32)" for i in range(self.count))
        return f'(func (export "{HANDLER}#{name}") (result i32) (local $h i32){names}\n  ' + "\n  ".join(self.lines) + "\n  (local.get $h))"


def handles(folder, seed, out):
    rnd = random.Random(seed)
    names = [f"h{i}" for i in range(60)]
    (folder / "w.wit").write_text(THINGS % " ".join(f"{n}: func() -> u32;" for n in names))
    core = ["(module"]
    core += [f'(import "pharia:skill/things@0.3.11" "{n}" (func ${n.replace("[", "_").replace("]", "_")} {t}))' for n, t in THING_TYPES.items()]
    core += ['(memory (export "memory") 1)'] + [Sequence(rnd).text(n) for n in names]
    component(folder, None, "w", "utf8", "\n".join(core) + ")", out)


def main():
    with tempfile.TemporaryDirectory() as folder:
        if sys.argv[1] == "echo":
            echo(Path(folder), int(sys.argv[2]), sys.argv[3], int(sys.argv[4]), sys.argv[5])
        else:
            handles(Path(folder), int(sys.argv[2]), sys.argv[3])


if __name__ == "__main__":
    main()
