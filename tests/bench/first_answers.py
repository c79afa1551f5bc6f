"""How long a skill takes from its file to its first answer, also after a restart, and what memory it adds."""
import contextlib
import shutil
import statistics
import time

from kernel_process import Kernel
from load import INPUT, ratio

COLUMNS = ("first ms", "restart ms", "+RSS KB", "+PSS KB", "+anon KB")


def timed_call(kernel, name):
    start = time.perf_counter()
    answer = kernel.run(name, INPUT)
    assert answer.status == 200, answer.text
    return (time.perf_counter() - start) * 1e3


def one_round(binary, options):
    """{name: [a figure for each column]}, from an empty cache, and the kernel's memory at the end."""
    rows = {}
    with Kernel(binary) as kernel:
        for name in options.names:
            before = kernel.memory()
            shutil.copy(options.skills / f"{name}.wasm", kernel.skills)
            kernel.wait_listed(name)
            first = timed_call(kernel, name)
            after = kernel.memory()
            rows[name] = [first, None, *(after[key] - before[key] for key in ("rss", "pss", "anon"))]
        kernel.stop()
        time.sleep(2)  # a kernel that starts waits a moment for a file that has just been written
        kernel.start()
        for name in options.names:
            rows[name][1] = timed_call(kernel, name)
        return rows, kernel.memory()


def measure(options):
    rounds = 3 if options.against else 1
    print(f"\n== time to first answer (empty cache: link and compile; then after a restart), memory added by each skill; medians of {rounds} rounds")
    print(f"{'skill':18}{'kernel':8}" + "".join(f"{column:>12}" for column in COLUMNS))
    results = {label: [] for label in options.kernels}
    for _ in range(rounds):
        for label, binary in options.kernels.items():
            results[label].append(one_round(binary, options))
    for name in options.names:
        for label, taken in results.items():
            figures = [statistics.median(rows[name][i] for rows, _ in taken) for i in range(len(COLUMNS))]
            print(f"{name:18}{label:8}" + "".join(f"{figure:12,.1f}" for figure in figures))
        if options.against:
            for i in (0, 1):
                pairs = ([rows[name][i] for rows, _ in results[label]] for label in ("ours", "other"))
                print(f"{'':18}{COLUMNS[i]}, ours by theirs: {ratio(*pairs)}")
    for label, taken in results.items():
        with contextlib.suppress(IndexError):
            end = taken[-1][1]
            print(f"{label}, with all: RSS {end['rss']:,} KB, PSS {end['pss']:,} KB, anonymous {end['anon']:,} KB, peak RSS {end['peak']:,} KB")
