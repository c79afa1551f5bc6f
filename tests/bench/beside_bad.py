#!/usr/bin/env python3
"""A good call beside bad ones. As a program: `beside_bad.py PORT SKILL INPUT` makes one bad call after the other until it is terminated."""
import contextlib
import http.client
import os
import pathlib
import shutil
import signal
import statistics
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools"))
from kernel_process import Kernel  # noqa: E402
from load import INPUT  # noqa: E402

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


def good_calls(kernel, count):
    """p50 and p99 of `count` good calls in ms."""
    connection = http.client.HTTPConnection("127.0.0.1", kernel.port, timeout=120)
    took = []
    for _ in range(count):
        start = time.perf_counter()
        answer = kernel.call_on(connection, "POST", "/v1/skills/dev/sample_c/run", INPUT)
        took.append((time.perf_counter() - start) * 1e3)
        assert answer.status == 200, answer.text
    return statistics.median(took), sorted(took)[count * 99 // 100]


def prepare(kernel, options):
    fixtures = pathlib.Path(options.kernel).resolve().parents[2] / "tests"
    names = ("behaviour.wasm", "printer.wasm", "hostwork.wasm", "globals.wasm")
    for path in (options.skills / "sample_c.wasm", *(fixtures / name for name in names)):
        shutil.copy(path, kernel.skills)
        kernel.wait_listed(path.stem)
    good_calls(kernel, 500)
    for name in ("behaviour", "printer", "hostwork", "globals"):
        kernel.run(name, '"e"')


@contextlib.contextmanager
def attackers(kernel, skill, body, count, statuses):
    """Processes of their own, which make bad calls meanwhile; `statuses` gets the last status that each saw."""
    command = [sys.executable, __file__, str(kernel.port), skill, body]
    started = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(count)]
    for attacker in started:
        attacker.stdout.readline()
    try:
        yield
    finally:
        for attacker in started:
            attacker.terminate()
        statuses += [attacker.communicate()[0].strip() for attacker in started]


def measure(options):
    """p50 and p99 of 1,000 good calls alone, and while a bad one is made again and again."""
    print("\n== a good request (C) beside a bad one: p50 (p99) of 1,000 calls in ms; target: at most twice as slow")
    with contextlib.ExitStack() as stack:
        running = {label: stack.enter_context(Kernel(binary, env={"INVOCATION_TIMEOUT": "2s"})) for label, binary in options.kernels.items()}
        for kernel in running.values():
            prepare(kernel, options)
        for text, skill, body, count in BAD:
            for label, kernel in running.items():
                statuses = []
                alone = good_calls(kernel, 1000)
                with attackers(kernel, skill, body, count, statuses):
                    beside = good_calls(kernel, 1000)
                status = max(statuses) or "not yet"
                print(f"{text:34} {label:6} alone {alone[0]:7.3f} ({alone[1]:.3f})  beside {beside[0]:7.3f} ({beside[1]:.3f})"
                      f"  ratio {beside[0] / alone[0]:5.2f}  (the bad one is answered {status})", flush=True)


def attack(port, name, body):
    """One connection, one bad call after the other; prints the last status when it is terminated."""
    last = [""]

    def end(*_):
        print(last[0], flush=True)
        os._exit(0)

    signal.signal(signal.SIGTERM, end)
    print("begun", flush=True)
    connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=120)
    while True:
        last[0] = Kernel.call_on(connection, "POST", f"/v1/skills/dev/{name}/run", body).status


if __name__ == "__main__":
    attack(*sys.argv[1:])
