"""At least 1,000 random signatures, and random sequences of handles, through our chain and through Wasmtime's: equal answers."""
import os
import pathlib
import re
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
JUDGE = pathlib.Path(os.environ.get("BUILD", HERE.parents[1] / "build")) / "release" / "tests" / "judge" / "judge"
ECHO = [(seed, encoding, seed % 2) for seed in range(1, 5) for encoding in ("utf8", "utf16", "compact-utf16")]
signatures = 0


def judge(component, seed, rounds):
    run = subprocess.run([JUDGE, component, str(seed), str(rounds)], capture_output=True, text=True, timeout=300)
    assert run.returncode == 0, run.stdout[-4000:] + run.stderr[-2000:]
    calls, equal, functions = map(int, re.search(r"(\d+) calls, (\d+) equal, (\d+) functions", run.stdout).groups())
    assert calls == equal and calls == functions * rounds
    return functions


@pytest.mark.parametrize("seed,encoding,grow", ECHO)
def test_echo(tmp_path, seed, encoding, grow):
    global signatures
    out = tmp_path / "echo.wasm"
    subprocess.run([sys.executable, HERE / "generate.py", "echo", str(seed), encoding, str(grow), out], check=True)
    functions = judge(out, seed, 12)
    assert functions > 90
    signatures += functions


@pytest.mark.parametrize("seed", range(1, 9))
def test_handles(tmp_path, seed):
    out = tmp_path / "handles.wasm"
    subprocess.run([sys.executable, HERE / "generate.py", "handles", str(seed), out], check=True)
    assert judge(out, seed, 1) == 60


def test_there_were_enough_signatures():
    if signatures:
        assert signatures >= 1000
