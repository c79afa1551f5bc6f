"""One-shot calls a second, with one client and with a hundred."""
import contextlib
import shutil
import statistics

from kernel_process import Kernel
from load import INPUT, ratio, spread, wrk

CLIENTS = (1, 100)
# (skill, clients) -> (target calls/s, the existing Kernel on such a machine)
TARGETS = {("sample_py", 100): ("8,000", "640"), ("sample_c", 100): ("40,000", "8,000"), ("sample_py", 1): ("-", "590")}


def prepare(kernel, options):
    for name in options.names:
        shutil.copy(options.skills / f"{name}.wasm", kernel.skills)
        kernel.wait_listed(name)
        answer = kernel.run(name, INPUT)
        assert answer.status == 200, answer.text


def rounds_of(running, options):
    """{(name, clients): {label: [(calls/s, p50, p99), …]}}; the kernels in turns, the other one first in every second round."""
    results = {(name, clients): {label: [] for label in running} for name in options.names for clients in CLIENTS}
    for number in range(options.rounds):
        order = list(running.items())[:: -1 if number % 2 else 1]
        for name, clients in results:
            for label, kernel in order:
                figures = wrk(kernel.port, f"/v1/skills/dev/{name}/run", clients, options.seconds, kernel.folder)
                results[name, clients][label].append(figures)
    return results


def print_row(key, taken):
    target, existing = TARGETS.get(key, ("-", "-"))
    for label, rounds in taken.items():
        p50, p99 = (statistics.median(r[i] for r in rounds) for i in (1, 2))
        rate = spread([r[0] for r in rounds])
        print(f"{key[0]:18}{key[1]:8}  {label:8}{rate:>28}{p50:9.3f}{p99:9.3f}{target:>9}{existing:>10}")
    if "other" in taken:
        rate, p50, p99 = (ratio([r[i] for r in taken["ours"]], [r[i] for r in taken["other"]]) for i in range(3))
        print(f"{'':28}ours by theirs: calls/s {rate}, p50 {p50}, p99 {p99}")


def measure(options):
    print(f"\n== one-shot calls/s, input {INPUT}; medians of {options.rounds} rounds of {options.seconds} s (lowest–highest)")
    print(f"{'skill':18}{'clients':>8}  {'kernel':8}{'calls/s':>28}{'p50 ms':>9}{'p99 ms':>9}{'target':>9}{'existing':>10}")
    with contextlib.ExitStack() as stack:
        running = {label: stack.enter_context(Kernel(binary)) for label, binary in options.kernels.items()}
        for kernel in running.values():
            prepare(kernel, options)
        for key, taken in rounds_of(running, options).items():
            print_row(key, taken)
        for label, kernel in running.items():
            end = kernel.memory()
            print(f"{label}, after that: RSS {end['rss']:,} KB, PSS {end['pss']:,} KB, anonymous {end['anon']:,} KB, peak RSS {end['peak']:,} KB")
