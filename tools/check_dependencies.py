#!/usr/bin/env python3
"""Check that includes between the folders of src/ go one way only, that one folder knows Wasmtime (design: docs/architecture.md), and that processes
are started by posix_spawn only (docs/engine.md, rule 3)."""
import pathlib
import re
import sys

# folder -> folders whose headers it may include (besides its own)
ALLOWED = {
    "base": "",
    "http": "base ffi",
    "component": "base",
    "link": "base component",
    "abi": "base",
    "engine": "base",
    "wasi": "base abi",
    "csi": "base abi",
    "cache": "base link engine",
    "skill": "base abi engine wasi csi cache",
    "source": "base",
    "load": "base component link abi engine cache skill source",
    "store": "base engine cache skill source load",
    "runtime": "base abi engine wasi csi skill",
    "shell": "base http abi engine skill store runtime ffi",
    "eval": "base",
    "kernel": "base component link abi engine wasi csi cache skill load store runtime shell ffi",
}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
FORK = re.compile(r"\b(fork|vfork|popen|system|daemon)\(")
WASMTIME = re.compile(r"^(wasm|wasmtime|wasi)(\.h|/)")


def problems(root):
    for path in sorted((root / "src").rglob("*.[ch]")):
        folder = path.relative_to(root / "src").parts[0]
        if folder not in ALLOWED:
            yield f"{path.relative_to(root)}: folder '{folder}' is not in tools/check_dependencies.py: add it with what it may include"
            continue
        allowed = set(ALLOWED[folder].split()) | {folder}
        for number, line in enumerate(path.read_text().splitlines(), 1):
            place = f"{path.relative_to(root)}:{number}"
            if FORK.search(re.sub(r'"[^"]*"', "", line)):
                yield f"{place}: copies the process; start others by posix_spawn"
            match = INCLUDE.match(line)
            if not match:
                continue
            name = match[2]
            if WASMTIME.match(name) and not (match[1] == '"' and name.startswith("wasi/")):
                if folder != "engine":
                    yield f"{place}: includes {name}; only src/engine may know Wasmtime"
            elif match[1] == '"' and "/" in name:
                target = name.split("/")[0]
                if target not in allowed:
                    yield f"{place}: src/{folder} may not include from src/{target} ({name})"
            elif match[1] == '"' and name != "pk_ffi.h":
                yield f"{place}: write the folder in #include \"{name}\""
            elif name == "pk_ffi.h" and "ffi" not in allowed:
                yield f"{place}: src/{folder} may not include pk_ffi.h"


def main():
    root = pathlib.Path(__file__).resolve().parent.parent
    found = list(problems(root))
    for problem in found:
        print(problem)
    print(f"directions of dependencies: {len(found)} problems")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
