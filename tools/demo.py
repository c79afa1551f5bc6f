#!/usr/bin/env python3
"""Deploy the sample skills to a fresh kernel by copying their files, call each over HTTP, print a table; then the evaluation's
first script with its report."""
import argparse
import http.client
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from kernel_process import Kernel, free_port  # noqa: E402

TOP = pathlib.Path(__file__).resolve().parents[1]
SAMPLES = [("sample_py", "Python, pharia-skill 0.20.0"), ("sample_py_heavy", "the same, five more libraries"),
           ("sample_js", "JavaScript, componentize-js"), ("sample_c", "C, clang and wasi-libc"), ("sample_rs", "Rust, cargo")]
INPUT = {"topic": "Ada Lovelace"}
CALLS = 300


def built(folder):
    for name, builder in SAMPLES:
        if (folder / f"{name}.wasm").exists():
            yield name, builder
        else:
            print(f"    {name} is left out: it was not built (see the messages of skills/build.sh)")


def first_answer(kernel, name):
    start = time.perf_counter()
    answer = kernel.run(name, INPUT)
    took = (time.perf_counter() - start) * 1e3
    if answer.status != 200:
        sys.exit(f"{name} answered {answer.status}: {answer.text}")
    return took, answer.text


def next_answers(kernel, name):
    connection = http.client.HTTPConnection("127.0.0.1", kernel.port, timeout=60)
    took = []
    for _ in range(CALLS):
        start = time.perf_counter()
        kernel.call_on(connection, "POST", f"/v1/skills/dev/{name}/run", INPUT)
        took.append((time.perf_counter() - start) * 1e3)
    connection.close()
    return statistics.median(took)


def measure(kernel, names, folder, copy):
    rows = {}
    for name in names:
        before = kernel.memory()
        if copy:
            shutil.copy(folder / f"{name}.wasm", kernel.skills / f"{name}.wasm")
            kernel.wait_listed(name)
        print(f"    {name}: first answer …", end="", flush=True)
        first, text = first_answer(kernel, name)
        p50 = next_answers(kernel, name)
        after = kernel.memory()
        rows[name] = (first, p50, after["pss"] - before["pss"], after["anon"] - before["anon"], text)
        print(f" {first:.0f} ms, then {p50:.2f} ms")
    return rows


def show(samples, cold, warm, end):
    print(f"\n{'skill':16} {'builder':30} {'first answer':>14} {'after restart':>14} {'next p50':>10} {'PSS':>10} {'anonymous':>10}")
    for name, builder in samples:
        first, p50, *_ = cold[name]
        again, _, pss, anon, _ = warm[name]  # nothing was trimmed in between there, as during a long compilation
        print(f"{name:16} {builder:30} {first:11.0f} ms {again:11.1f} ms {p50:7.2f} ms {pss / 1e3:+7.1f} MB {anon / 1e3:+7.1f} MB")
    print(f"\nfirst answer: links and compiles; after restart: everything comes from the cache directory. The kernel with all of them: "
          f"PSS {end['pss'] / 1e3:.1f} MB, anonymous {end['anon'] / 1e3:.1f} MB.")
    name, _ = samples[0]
    print(f"POST /v1/skills/dev/{name}/run {INPUT} -> {cold[name][4]}")


def evaluate(options):
    """The evaluation's first script on the Python sample: issue B's program, its log and its report."""
    print("\n==> the evaluation: cmds/bench.cmds, run by resource-eval (compile cache kept between demos)", flush=True)
    logs = options.folder / "logs"
    command = [options.eval, "run", "--warm", "--kernel", options.kernel, "--samples", options.skills, "--folder", options.folder / "run",
               "--logs", logs, "--address", f"127.0.0.1:{free_port()}", "cmds/bench.cmds"]
    options.folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(command, cwd=TOP, check=True)
    newest = max(logs.glob("*_run.log"))
    subprocess.run([options.eval, "compare", newest], cwd=TOP, check=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kernel", required=True)
    cache = os.environ.get("PHARIA_DEV_CACHE") or pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "pharia-kernel-dev"
    parser.add_argument("--skills", type=pathlib.Path, default=pathlib.Path(cache) / "skills" / "out")
    parser.add_argument("--eval", type=pathlib.Path, required=True, help="resource-eval")
    parser.add_argument("--folder", type=pathlib.Path, required=True, help="where the evaluation runs and leaves its logs")
    options = parser.parse_args()
    for name in ("kernel", "skills", "eval", "folder"):
        setattr(options, name, pathlib.Path(getattr(options, name)).resolve())
    samples = list(built(options.skills))
    if not samples:
        sys.exit(f"no sample skill in {options.skills}: run skills/build.sh")
    names = [name for name, _ in samples]
    print("==> start a kernel with an empty cache, copy each skill into its directory, call it")
    with Kernel(options.kernel) as kernel:
        cold = measure(kernel, names, options.skills, True)
        kernel.stop()
        time.sleep(2)  # a kernel that starts waits a moment for a file that has just been written
        print("==> start it again on the same directories")
        kernel.start()
        warm = measure(kernel, names, options.skills, False)
        end = kernel.memory()
    show(samples, cold, warm, end)
    if "sample_py" in names:
        evaluate(options)


if __name__ == "__main__":
    main()
