#!/usr/bin/env python3
"""Runs a skill with Wasmtime's own component implementation and prints what it answers.

    judge.py FILE INPUT        the answer of run on the JSON text INPUT
    judge.py FILE --metadata   what metadata returns

WASI is Wasmtime's, empty (no files, arguments, environment); functions of pharia:skill trap. So the
answer owes nothing to this project: tests compare our kernel with it. An error of the skill goes to
standard error, with exit status 1.
"""

import json
import sys

from wasmtime import Config, Engine, Store, WasiConfig, WasmtimeError
from wasmtime.component import (
    Component,
    ComponentInstanceType,
    FuncType,
    Linker,
    ResourceType,
)

HANDLER = "pharia:skill/skill-handler@0.%d.0"


def refuse(store, *args):
    raise WasmtimeError("the judge has no CSI")


def define_pharia(linker, engine, component):
    """Defines what the component imports of pharia:skill, as functions that trap.

    Not by define_unknown_imports_as_traps: that compares names exactly and would also hide WASI
    of another patch version.
    """
    resources = 0
    with linker.root() as root:
        for name, item in component.type.imports(engine).items():
            item = item.ty
            if not (name.startswith("pharia:skill/") and isinstance(item, ComponentInstanceType)):
                continue
            with root.add_instance(name) as instance:
                for field, kind in item.exports(engine).items():
                    kind = kind.ty
                    if isinstance(kind, FuncType):
                        instance.add_func(field, refuse)
                    elif isinstance(kind, ResourceType):
                        resources += 1
                        instance.add_resource(field, ResourceType.host(resources), lambda *_: None)


def load(path):
    config = Config()
    config.cache = True
    engine = Engine(config)
    component = Component.from_file(engine, path)
    linker = Linker(engine)
    linker.add_wasip2()
    linker.add_wasi_http()
    define_pharia(linker, engine, component)
    return engine, component, linker


def call(loaded, function, *args):
    """One call in an instance of its own."""
    engine, component, linker = loaded
    store = Store(engine)
    store.set_wasi(WasiConfig())
    store.set_wasi_http()
    instance = linker.instantiate(store, component)
    for minor in (2, 3, 4, 5):
        interface = instance.get_export_index(store, HANDLER % minor)
        if interface is None:
            continue
        index = instance.get_export_index(store, function, interface)
        if index is not None:
            return instance.get_func(store, index)(store, *args)
    raise SystemExit(f"no skill-handler with {function} is exported")


def main(path, argument):
    loaded = load(path)
    if argument == "--metadata":
        found = call(loaded, "metadata")
        print(json.dumps({
            "description": found.description,
            "input_schema": json.loads(bytes(getattr(found, "input-schema"))),
            "output_schema": json.loads(bytes(getattr(found, "output-schema"))),
        }))
        return
    answer = call(loaded, "run", argument.encode("utf-8", "surrogateescape"))
    if isinstance(answer, (bytes, bytearray, list)):
        sys.stdout.write(bytes(answer).decode() + "\n")
        return
    sys.exit(f"{answer.tag}: {answer.payload}")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
