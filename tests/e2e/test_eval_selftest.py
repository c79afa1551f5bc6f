"""resource-eval selftest: all cases are measured, also where the system allows few open files, and the last line is a verdict."""
import re
import resource
import subprocess

import pytest


def selftest(program, *arguments, files=None):
    def limit():
        resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))

    return subprocess.run([program, "selftest", *arguments], capture_output=True, text=True, timeout=300, preexec_fn=limit if files else None)


def test_few_open_files(program):
    done = selftest(program, "--rounds", "1", files=500)
    assert done.returncode == 0 and done.stderr == "", done
    cases = re.findall(r"^1.* (\d+) \(\d+–\d+\) +\d+ +\d+ +(50000|-)$", done.stdout, re.M)
    assert len(cases) == 4 and len(re.findall(r"^    with 4\d\d at once: the system allows no more open files", done.stdout, re.M)) == 3, done.stdout
    below = sum(int(rate) < int(target) for rate, target in cases if target != "-")
    verdict = done.stdout.splitlines()[-1]
    assert verdict.startswith(f"below target in {below} of the cases" if below else "on target"), done.stdout


@pytest.mark.parametrize("arguments", [["--rounds"], ["--rounds", "0"], ["--rounds", "1001"], ["--rounds", "1x"], ["--rounds", "-1"], ["x"]])
def test_wrong_calls(program, arguments):
    done = selftest(program, *arguments)
    assert done.returncode == 2 and "--rounds" in done.stderr and done.stdout == "", done


def test_help(program):
    done = selftest(program, "--help")
    assert done.returncode == 0 and "--rounds N" in done.stdout and done.stderr == "", done
