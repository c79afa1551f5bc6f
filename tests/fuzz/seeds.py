#!/usr/bin/env python3
"""seeds.py BUILD OUT [SKILL...]: what the fuzzers begin with, OUT/TARGET/*, made from what the tests have.

Components are the fixtures that BUILD (preset fuzz) has made from WAT, and the sample skills if there are any; texts are the string
literals of the unit tests. No seed is kept in the tree: a fixture or a test that is added is a seed at once."""
import hashlib
import json
import pathlib
import random
import re
import subprocess
import sys

build, out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
skills = [pathlib.Path(path) for path in sys.argv[3:]]
root = pathlib.Path(__file__).resolve().parent.parent.parent
unit = root / "tests/unit"
choices = random.Random(1)  # the same seeds every time

MAX_SIZE = 128 << 10  # of one seed: a small SDK component fits, and a run on it takes milliseconds
MAX_BODY = 4096
TOKEN = re.compile(r'"(?:[^"\\\n]|\\.)*"|\w+|\S')
MACRO = re.compile(r'^#define (\w+) +"(.*)"$', re.M)
ESCAPE = re.compile(rb"\\(x[0-9a-fA-F]+|u[0-9a-fA-F]{4}|[0-7]{1,3}|.)", re.S)


def add(target, data):
    """Named by its contents, as libFuzzer does it."""
    folder = out / f"fuzz_{target}"
    folder.mkdir(parents=True, exist_ok=True)
    if len(data) <= MAX_SIZE:
        (folder / hashlib.sha1(data).hexdigest()).write_bytes(data)


# ---- texts


def unescape(match):
    text = match[1].decode()
    if text[0] in "xu":
        number = int(text[1:], 16)
        return chr(number).encode() if text[0] == "u" else bytes([number & 255])
    if text[0] in "01234567":
        return bytes([int(text, 8) & 255])
    return {"n": b"\n", "r": b"\r", "t": b"\t", "b": b"\b", "f": b"\f"}.get(text, match[1])


def literals(test):
    """The strings of a unit test: literals, and macros that are one, joined where they stand side by side."""
    source = (unit / test).read_text(encoding="utf-8")
    macros = dict(MACRO.findall(source))
    found, parts = [], []
    for token in TOKEN.findall(re.sub(r"^#.*", "", source, flags=re.M)) + [";"]:
        if token[0] == '"' or token in macros:
            parts.append(ESCAPE.sub(unescape, macros.get(token, token[1:-1]).encode()))
        elif parts:
            found.append(b"".join(parts))
            parts = []
    return found


def add_texts():
    for target, test in ("duration", "base/test_clock.c"), ("path", "shell/test_path.c"), ("json_check", "base/test_json_check.c"):
        for text in literals(test):
            add(target, text)
    for text in literals("kernel/test_config.c"):
        add("dotenv", text)
        add("dotenv", b"EXECUTORS=" + text + b"\n")
    for text in literals("shell/test_span.c"):
        add("span", text)
        add("span", b'{"skill":"dev/\\u0061","input":' + text + b"}")
    for text in literals("eval/test_response.c"):  # the first byte says in which pieces the others come
        add("response", b"\x42" + text)
        add("response", b"\0" + text)
    for text in literals("eval/test_script.c") + [path.read_bytes() for path in root.glob("cmds/*.cmds")]:
        add("script", text)


def add_runlogs():
    """The first byte: 0 the text as it is, 1 with a head before it, 2 changes to a good one."""
    for path in (unit / "eval/logs").glob("*.log"):
        text = path.read_bytes()
        for lines in 8, 40, None:  # whole, and short enough to be changed often
            add("runlog", b"\0" + b"".join(text.splitlines(True)[:lines]))
    for text in literals("eval/test_runlog.c"):
        add("runlog", b"\0" + text)
        add("runlog", b"\1" + text)
    for i in range(16):
        add("runlog", b"\2" + choices.randbytes(3 * (1 + i // 4)))


# ---- manifests: the first byte says which text it is, and whether the rest is changes to a good one


def artefact(number):
    return {"size": number, "sha256": "c0" * 32, "xxh3": f"{number:016x}"}


def add_manifests():
    facts = {"kind": "function", "minor": 3, "pages": 3, "globals": ["0" * 16, "f" * 16], "data_in_image": True, "data_reason": None}
    stream = {**facts, "kind": "message-stream", "globals": [], "data_in_image": False, "data_reason": "why\n\u00e4 \u20ac" * 30}
    head = {"xxh3": "0" * 16, "format": 2}
    parts = {"component": "c0" * 32, "code": artefact(1), "interface": artefact(2), "names": artefact(3), "image": artefact(3 << 16)}
    for some in facts, stream:
        for kind, value in (0, {**head, **parts, "facts": some}), (2, some):
            add("manifest", bytes([kind]) + json.dumps(value, separators=(",", ":"), ensure_ascii=kind > 0).encode())
    add("manifest", b"\1" + json.dumps({**head, "code": "c0" * 32, "compiled": artefact(9)}, separators=(",", ":")).encode())
    for kind in "invalid", "unsupported", "limit", "internal":
        add("manifest", b"\3" + json.dumps({"kind": kind, "text": 'at "x" \u00e4'}).encode())
    for i in range(32):
        add("manifest", bytes([4 + i % 4]) + choices.randbytes(3 * (1 + i // 4)))


# ---- HTTP: the first two bytes say in which pieces the others come, and how the client ends


def add_requests():
    sys.path.insert(0, str(root / "tests/e2e"))
    from http_framing import BAD, GOOD
    for data in [data for data, _ in BAD.values()] + list(GOOD.values()):
        for target in b"/now", b"/body", b"/piece", b"/late":
            for old in b"/v1/skills/dev/behaviour/run", b"/health":
                data = data.replace(old, target)
            add("http", b"\0\0" + data)
            add("http", b"\7\1" + data * 2)


# ---- components


def number(data, at):
    """LEB128 without a sign: its value, and where it ends."""
    value = shift = 0
    while True:
        value |= (data[at] & 127) << shift
        shift += 7
        at += 1
        if data[at - 1] < 128:
            return value, at


def sections(binary):
    at = 8
    while at < len(binary):
        size, begin = number(binary, at + 1)
        yield binary[at], binary[begin : begin + size]
        at = begin + size


def modules(component):
    """The core modules in a component, also those of the components in it."""
    for section, data in sections(component):
        if section == 1:
            yield data
        elif section == 4:
            yield from modules(data)


def bodies(module):
    for section, data in sections(module):
        if section != 10:
            continue
        count, at = number(data, 0)
        for _ in range(count):
            size, at = number(data, at)
            yield data[at : at + size]
            at += size


def add_bodies(module):
    for body in bodies(module):
        if len(body) <= MAX_BODY:
            add("link", body)


def add_component(binary):
    """As a whole, and what is in it. Fixtures of hostile bytes end before they say they do."""
    add("component", binary)
    add("link", binary)
    try:
        parts = modules(binary) if binary[:8] == b"\0asm\x0d\0\1\0" else [binary]
        for module in parts:
            add("component", module)
            add_bodies(module)
    except IndexError:
        pass


def add_interfaces(paths):
    """The texts that the linker writes."""
    folder = out / "fuzz_interface"
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run([build / "tests/fuzz/seed_interfaces", folder, *paths], check=True)


# ---- values: what fuzz_abi_lift makes types, arguments and a memory of


def add_values():
    kinds = range(23)  # enum abi_kind: 13 primitive ones, then those that have parts
    for encoding in range(3):
        types = bytes([len(kinds) - 1])
        for kind in kinds:
            parts = bytes(choices.randrange(1, 250) for _ in range(12))
            types += bytes([kind]) + (parts[: 2 + kind % 5] if kind > 12 else b"")
        for kind in kinds:
            handles = bytes([0, 7, 1, 8, 0, 9, 1, 10])
            arguments = bytes([2, 8, 0, 3, 1, 0]) * 8  # 16 and 3: an address, a length
            add("abi_lift", types + bytes([encoding, 0, kind]) + handles + arguments + choices.randbytes(256))


def main():
    fixtures = sorted(build.glob("tests/**/*.wasm"))
    for path in fixtures + [skill for skill in skills if skill.stat().st_size <= MAX_SIZE]:
        add_component(path.read_bytes())
    add_interfaces(fixtures + skills)
    add_texts()
    add_runlogs()
    add_manifests()
    add_values()
    add_requests()
    for _ in range(32):  # instructions of fuzz_link's own making
        add("link", b"\xff" + choices.randbytes(400))


main()
