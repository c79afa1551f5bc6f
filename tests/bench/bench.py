#!/usr/bin/env python3
"""Measure what was promised and print it beside its target and the existing Kernel's figure. Nothing is asserted.

Load comes from wrk on the same machine (the same two cores), as the existing Kernel's figures did. Every figure is the median of several rounds with
its spread. With --against another kernel's binary is measured beside ours in the same run, the two in turns, and each row gives ours by theirs."""
import argparse
import os
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools"))
import beside_bad  # noqa: E402
import first_answers  # noqa: E402
import throughput  # noqa: E402

SKILLS = ["sample_py", "sample_py_heavy", "sample_js", "sample_c", "sample_rs"]


def engine(options):
    path = pathlib.Path(options.kernel).resolve().parents[2] / "tests" / "bench" / "engine_bench"
    if path.exists():
        print("\n== engine alone (fresh slot against used slot)", flush=True)
        subprocess.run([path], check=True)


PARTS = {"first": first_answers.measure, "throughput": throughput.measure, "bad": beside_bad.measure, "engine": engine}


def parse():
    cache = pathlib.Path(os.environ.get("PHARIA_DEV_CACHE") or pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "pharia-kernel-dev")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kernel", required=True)
    parser.add_argument("--against", help="another pharia-kernel, measured in turns with ours")
    parser.add_argument("--skills", type=pathlib.Path, default=cache / "skills" / "out")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--only", choices=PARTS, action="append")
    options = parser.parse_args()
    options.names = [name for name in SKILLS if (options.skills / f"{name}.wasm").exists()]
    options.kernels = {"ours": options.kernel, **({"other": options.against} if options.against else {})}
    return options


def main():
    options = parse()
    print(f"machine: {os.cpu_count()} cores; {os.uname().release}; load {os.getloadavg()[0]:.1f}")
    if options.against:
        print("each row: ours, then the other kernel's, then ours by theirs")
    for name, measure in PARTS.items():
        if not options.only or name in options.only:
            measure(options)


if __name__ == "__main__":
    main()
