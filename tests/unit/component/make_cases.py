#!/usr/bin/env python3
"""make_cases.py WASM_TOOLS IN.wat OUT: turns a file of cases into one that a test can read.

A case begins with a line `;;; KIND: TEXT` and is one module or component in text form, valid when KIND is "taken". In OUT each
case is a line `KIND<tab>TEXT<tab>LINE<tab>SIZE` and then that many bytes. The folder OUT.d gets each as a file of its own: the
fuzzers begin with them."""
import concurrent.futures
import os
import re
import subprocess
import sys

tools, source, out = sys.argv[1:]
os.makedirs(out + ".d", exist_ok=True)


def run(command, data):
    return subprocess.run([tools, command, "-"], input=data, capture_output=True)


def assemble(case):
    line, kind, text, wat = case
    done = run("parse", wat.encode())
    if done.returncode == 0 and kind == "taken":
        done.stderr = run("validate", done.stdout).stderr
    if done.stderr:
        print(f"{source}:{line}: {done.stderr.decode()}", file=sys.stderr)
        return None
    stem = os.path.basename(source).removesuffix(".wat")
    with open(f"{out}.d/{stem}-{line}.wasm", "wb") as file:
        file.write(done.stdout)
    return f"{kind}\t{text}\t{line}\t{len(done.stdout)}\n".encode() + done.stdout


cases = []
for number, line in enumerate(open(source, encoding="utf-8"), 1):
    header = re.fullmatch(r";;; ([\w-]+): (.*)\n", line)
    if header:
        cases.append([number, header[1], header[2], ""])
    elif cases:
        cases[-1][3] += line

with concurrent.futures.ThreadPoolExecutor(4) as pool:
    assembled = list(pool.map(assemble, cases))
if None in assembled:
    sys.exit(1)
with open(out, "wb") as file:
    file.writelines(assembled)
