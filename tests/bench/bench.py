#!/usr/bin/env python3
"""Measure what was promised (TARGETS) and print it beside its target and the existing Kernel's figure. Nothing is asserted.

Load comes from wrk on the same machine (the same two cores), as the existing Kernel's figures did; every figure is the median of several
rounds with its spread, the rounds of all skills interleaved."""
import argparse
import http.client
import os
import pathlib
import re
import shutil
import signal
import statistics
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools"))
from kernel_process import Kernel  # noqa: E402

INPUT = '{"topic":"Ada Lovelace"}'
SKILLS = ["sample_py", "sample_py_heavy", "sample_js", "sample_c", "sample_rs"]
# (skill, clients) -> (target calls/s, the existing Kernel on such a machine)
TARGETS = {("sample_py", 100): ("8,000", "640"), ("sample_c", 100): ("40,000", "8,000"), ("sample_py", 1): ("-", "590"), }
WRK = """wrk.method = "POST"
wrk.body = [[%s]]
wrk.headers["Content-Type"] = "application/json"
local bad = 0
function response(status) if status ~= 200 then bad = bad + 1 end end
"""


def wrk(port, path, clients, seconds, folder, body=INPUT):
    script = folder / "load.lua"
    script.write_text(WRK % body)
    out = subprocess.run(["wrk", "-t1", f"-c{clients}", f"-d{seconds}s", "--latency", "-s", script, f"http://127.0.0.1:{port}{path}"],
                         capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in out:
        sys.exit(f"{path}: wrk saw answers that are not 2xx:\n{out}")
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", out)[1])
    return rate, latency(out, "50%"), latency(out, "99%")


def latency(text, which):
    value, unit = re.search(rf"{which}\s+([\d.]+)(us|ms|s)", text).groups()
    return float(value) * {"us": 1e-3, "ms": 1, "s": 1e3}[unit]


def spread(values):
    return f"{statistics.median(values):12,.0f} ({min(values):,.0f}–{max(values):,.0f})"


def first_answers(options, names):
    print("\n== time to first answer (empty cache: link and compile; then after a restart), memory added by each skill")
    print(f"{'skill':18}{'first ms':>10}{'restart ms':>12}{'+RSS KB':>12}{'+PSS KB':>12}{'+anon KB':>12}")
    with Kernel(options.kernel) as kernel:
        rows = {}
        for name in names:
            before = kernel.memory()
            shutil.copy(options.skills / f"{name}.wasm", kernel.skills)
            kernel.wait_listed(name)
            start = time.perf_counter()
            answer = kernel.run(name, INPUT)
            assert answer.status == 200, answer.text
            took = (time.perf_counter() - start) * 1e3
            after = kernel.memory()
            rows[name] = [took, *(after[key] - before[key] for key in ("rss", "pss", "anon"))]
        kernel.stop()
        time.sleep(2)  # a kernel that starts waits a moment for a file that has just been written
        kernel.start()
        for name in names:
            start = time.perf_counter()
            kernel.run(name, INPUT)
            rows[name].append((time.perf_counter() - start) * 1e3)
            first, rss, pss, anon, restart = rows[name]
            print(f"{name:18}{first:10.0f}{restart:12.1f}{rss:12,}{pss:12,}{anon:12,}")
        end = kernel.memory()
        print(f"kernel with all: RSS {end['rss']:,} KB, PSS {end['pss']:,} KB, anonymous {end['anon']:,} KB, peak RSS {end['peak']:,} KB")


def throughput(options, names):
    print(f"\n== one-shot calls/s, input {INPUT}; medians of {options.rounds} rounds of {options.seconds} s (lowest–highest)")
    print(f"{'skill':18}{'clients':>8}  {'calls/s':>28}{'p50 ms':>9}{'p99 ms':>9}{'target':>9}{'existing':>10}")
    with Kernel(options.kernel) as kernel:
        for name in names:
            shutil.copy(options.skills / f"{name}.wasm", kernel.skills)
            kernel.wait_listed(name)
            kernel.run(name, INPUT)
        results = {}
        for _ in range(options.rounds):
            for name in names:
                for clients in (1, 100):
                    path = f"/v1/skills/dev/{name}/run"
                    results.setdefault((name, clients), []).append(wrk(kernel.port, path, clients, options.seconds, kernel.folder))
        for key, rounds in results.items():
            target, existing = TARGETS.get(key, ("-", "-"))
            p50, p99 = (statistics.median(r[i] for r in rounds) for i in (1, 2))
            print(f"{key[0]:18}{key[1]:8}  {spread([r[0] for r in rounds]):>28}{p50:9.3f}{p99:9.3f}{target:>9}{existing:>10}")
        end = kernel.memory()
        print(f"kernel after that: RSS {end['rss']:,} KB, PSS {end['pss']:,} KB, anonymous {end['anon']:,} KB, peak RSS {end['peak']:,} KB")


def good_calls(kernel, count):
    connection = http.client.HTTPConnection("127.0.0.1", kernel.port, timeout=120)
    took = []
    for _ in range(count):
        start = time.perf_counter()
        answer = kernel.call_on(connection, "POST", "/v1/skills/dev/sample_c/run", INPUT)
        took.append((time.perf_counter() - start) * 1e3)
        assert answer.status == 200, answer.text
    return statistics.median(took), sorted(took)[count * 99 // 100]


# (what it does, skill: tests/skills/behaviour.wat, tests/e2e/wat/printer.wat or hostwork.wat, or one that does not exist; its input,
# how many at once)
BAD = [("(a good neighbour)", "behaviour", '"e"', 1), ("traps", "behaviour", '"t"', 1), ("runs forever (limit 2 s)", "behaviour", '"l"', 1),
       ("runs forever, 2 at once", "behaviour", '"l"', 2), ("runs forever, 8 at once", "behaviour", '"l"', 8), ("recurses without end", "behaviour", '"r"', 1),
       ("asks for 4 GiB", "behaviour", '"G"', 1), ("grows memory until it fails", "behaviour", '"g"', 1), ("fills 512 MiB", "behaviour", '"k"', 1),
       ("fills 512 MiB, 30 at once", "behaviour", '"k"', 30), ("prints 1 GiB of lines", "printer", '"g"', 1), ("prints 1 GiB in one line", "printer", '"G"', 1),
       ("returns a garbage pointer", "behaviour", '"p"', 1), ("returns invalid UTF-8", "behaviour", '"q"', 1), ("returns what is no JSON", "behaviour", '"j"', 1),
       ("16 MiB of random bytes, 8 at once", "hostwork", '"r"', 8), ("20,000 globals, 8 at once", "globals", '"e"', 8),
       ("error text of 60 MiB, 8 at once", "hostwork", '"s"', 8), ("60 MiB of [], as output, 8 at once", "hostwork", '"j"', 8),
       ("is not configured", "nobody", "{}", 1)]


def beside_bad(options):
    """p50 and p99 of 1,000 good calls alone, and while a bad one is made again and again."""
    print("\n== a good request (C) beside a bad one: p50 (p99) of 1,000 calls in ms; target: at most twice as slow")
    fixtures = pathlib.Path(options.kernel).resolve().parents[2] / "tests"
    with Kernel(options.kernel, env={"INVOCATION_TIMEOUT": "2s"}) as kernel:
        names = ("behaviour.wasm", "printer.wasm", "hostwork.wasm", "globals.wasm")
        for path in (options.skills / "sample_c.wasm", *(fixtures / name for name in names)):
            shutil.copy(path, kernel.skills)
            kernel.wait_listed(path.stem)
        good_calls(kernel, 500)
        kernel.run("behaviour", '"e"')
        for name in ("printer", "hostwork", "globals"):
            kernel.run(name, '"e"')
        for text, skill, body, count in BAD:
            alone = good_calls(kernel, 1000)
            command = [sys.executable, __file__, "--attack", str(kernel.port), skill, body]
            attackers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(count)]
            for attacker in attackers:
                attacker.stdout.readline()
            beside = good_calls(kernel, 1000)
            for attacker in attackers:
                attacker.terminate()
            status = max(attacker.communicate()[0].strip() for attacker in attackers) or "not yet"
            print(f"{text:34} alone {alone[0]:7.3f} ({alone[1]:.3f})  beside {beside[0]:7.3f} ({beside[1]:.3f})  ratio {beside[0] / alone[0]:5.2f}"
                  f"  (the bad one is answered {status})", flush=True)


def attack(port, name, body):
    """A process of its own: one connection, one bad call after the other, until it is terminated; prints the last status."""
    last = [""]

    def end(*_):
        print(last[0], flush=True)
        os._exit(0)

    signal.signal(signal.SIGTERM, end)
    print("begun", flush=True)
    connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=120)
    while True:
        last[0] = Kernel.call_on(connection, "POST", f"/v1/skills/dev/{name}/run", body).status


def main():
    if sys.argv[1:2] == ["--attack"]:
        return attack(*sys.argv[2:])
    parser = argparse.ArgumentParser(description=__doc__)
    cache = pathlib.Path(os.environ.get("PHARIA_DEV_CACHE") or pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "pharia-kernel-dev")
    parser.add_argument("--kernel", required=True)
    parser.add_argument("--skills", type=pathlib.Path, default=cache / "skills" / "out")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--only", choices=["first", "throughput", "bad", "engine"], action="append")
    options = parser.parse_args()
    names = [name for name in SKILLS if (options.skills / f"{name}.wasm").exists()]
    wanted = options.only or ["first", "throughput", "bad", "engine"]
    print(f"machine: {os.cpu_count()} cores; {subprocess.run(['uname', '-r'], capture_output=True, text=True).stdout.strip()}")
    if "first" in wanted:
        first_answers(options, names)
    if "throughput" in wanted:
        throughput(options, names)
    if "bad" in wanted:
        beside_bad(options)
    engine = pathlib.Path(options.kernel).resolve().parents[2] / "tests" / "bench" / "engine_bench"
    if "engine" in wanted and engine.exists():
        print("\n== engine alone (fresh slot against used slot)", flush=True)
        subprocess.run([engine], check=True)


if __name__ == "__main__":
    main()
