"""Load on a kernel, and how figures are printed."""
import re
import statistics
import subprocess
import sys

INPUT = '{"topic":"Ada Lovelace"}'
WRK = """wrk.method = "POST"
wrk.body = [[%s]]
wrk.headers["Content-Type"] = "application/json"
"""


def wrk(port, path, clients, seconds, folder, body=INPUT):
    """(calls/s, p50 ms, p99 ms); ends the bench when an answer was not 2xx."""
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


def spread(values, digits=0):
    return f"{statistics.median(values):,.{digits}f} ({min(values):,.{digits}f}–{max(values):,.{digits}f})"


def ratio(ours, theirs):
    """Ours by theirs, pair by pair, since both were measured in turns: the machine's hour is in both."""
    return spread([a / b for a, b in zip(ours, theirs)], 2)
