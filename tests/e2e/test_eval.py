"""resource-eval with our kernel: every command, what it logs, and that two logs compare."""
import datetime
import hashlib
import pathlib
import re
import resource
import shutil
import signal
import time

import e2e_support as support
import pytest
from eval_support import Eval

ALL = """# every command
add_c
! add_rs
delete_skill sample_rs1  # so that it is not called
! p_add_rs 1
2 delete_skill
1 add_c
add_js
add_py
2 add_c  # one entry
p_add_c 2
p_add_js 2
p_add_py 1
skills
cached_skills
execute_skill sample_py1 Ada
execute_skill sample_c4 Ada
execute_skill sample_c4 Ada 30000 250 3
execute_all Bob 300 10
execute_all Bob 0 0 3 1
p_execute_all Cecilia 100 20 10
3 p_execute_all Damian 0 0 2
drop_cached_skill sample_c2
drop_cached_skill
delete_skill sample_c3
delete_skill
! delete_skill nobody
! execute_skill nobody Ada
! 2 execute_skill nobody Ada
"""
# Calls and failures of each line. "2 delete_skill" takes sample_c1 and sample_rs2; ten skills are left when all are called.
COUNTS = [(1, 0), (1, 1), (0, 0), (1, 1), (0, 0), (1, 0), (1, 0), (1, 0), (2, 0), (2, 0), (2, 0), (1, 0), (0, 0), (0, 0), (1, 0), (1, 0), (1, 0),
          (10, 0), (30, 0), (100, 0), (60, 0), (0, 0), (0, 0), (0, 0), (0, 0), (0, 1), (1, 1), (2, 2), (0, 0)]


@pytest.fixture
def real(program, binary, tmp_path):
    return Eval(program, tmp_path, binary, support.DEV_CACHE / "skills/out")


def stand_ins(real, tmp_path):
    """The C sample under the names of those that take a minute to compile, and as the Rust one something that is no skill: its calls fail."""
    for name in ("c", "js", "py"):
        shutil.copyfile(real.samples / "sample_c.wasm", tmp_path / f"sample_{name}.wasm")
    (tmp_path / "sample_rs.wasm").write_bytes(b"no component")
    real.samples = tmp_path


def cached_files(real):
    return sorted(path.name for path in (real.folder / "eval-run/warm-cache").iterdir() if path.is_file())


def test_every_command_cold_and_warm(real, tmp_path):
    stand_ins(real, tmp_path)
    first = real.run(ALL, "--warm", "-m").good()
    files = cached_files(real)
    second = real.run(ALL, "--warm", "-m").good()
    assert first.head["cache"] == "empty" and second.head["cache"] == "warm"
    assert files and cached_files(real) == files  # nothing new
    assert first.said.count("compile of dev/") == 1 and " compile of " not in second.said and " linking of dev/sample_c" not in second.said
    for done in first, second:
        check_all(done)
    assert first.entries["add_c"]["children_cpu"] > 0 and second.entries["add_c"]["children_cpu"] == 0
    text = real.compare(first.log, second.log)
    assert "comparing 2 log files" in text and "p_execute_all Cecilia 100 20 10" in text
    assert "Total time" in real.compare(first.log) and "errors" in real.compare("--full", second.log)


def check_all(done):
    entries = done.entries
    assert list(entries) == [re.sub(r"\s+#.*", "", line) for line in ALL.splitlines()[1:]] + ["stop"]
    assert [(entry["requests"], entry["errors"]) for entry in entries.values()] == COUNTS, done
    memory_is_plausible(entries)


def memory_is_plausible(entries):
    before = None
    for cmd, entry in entries.items():
        assert all(before is None or entry[key + "_diff"] == entry[key] - before[key] for key in ("rss", "vms")), (cmd, entry, before)
        before = entry
        if cmd == "stop":
            assert entry["rss"] == 0 and entry["rss_diff"] < 0
            continue
        assert 5000 < entry["rss"] < 300000 and entry["rss"] < entry["vms"], (cmd, entry)
        assert 0 < entry["pss"] <= entry["rss"] + 1000 and 0 < entry["anon"] <= entry["rss"] + 1000, (cmd, entry)
        assert entry["pss"] != entry["anon"], (cmd, entry)
    held = entries["execute_skill sample_c4 Ada 30000 250 3"]
    assert held["took"] >= 250 and held["p50"] >= 250000
    assert held["rss_peak"] > entries["execute_skill sample_c4 Ada"]["rss"] + 25000
    assert entries["execute_all Bob 300 10"]["rss_peak"] < held["rss_peak"] - 15000  # each command has its own


def test_distinct_copies_are_different_skills(real):
    done = real.run("p_add_c 3\n", "--distinct", "--warm").good()
    assert done.head["distinct"] == "yes" and done.said.count(" linking of dev/sample_c") == 3
    copies = [(real.skills / f"sample_c{i}.wasm").read_bytes() for i in (1, 2, 3)]
    original = (real.samples / "sample_c.wasm").read_bytes()
    assert len(set(copies)) == 3 and {len(copy) for copy in copies} == {len(original)}
    with support.TestKernel(real.kernel, folder=real.folder / "eval-run", cache=real.folder / "eval-run/warm-cache") as kernel:
        texts = [kernel.call("GET", f"/v1/skills/dev/sample_c{i}/metadata").json()["description"] for i in (1, 2, 3)]
        assert texts == [f"Greets a topic; this one is copy number 0000000{i} ." for i in (1, 2, 3)]
        assert kernel.run("sample_c2", {"topic": "Ada"}).json() == "Hello Ada"
    again = real.run("p_add_c 3\n").good()
    assert again.head["distinct"] == "no" and len({(real.skills / f"sample_c{i}.wasm").read_bytes() for i in (1, 2, 3)}) == 1
    assert again.said.count(" linking of dev/sample_c") <= 1  # one file many times
    real.compare(done.log, again.log)


def test_legacy_routes(real):
    done = real.run("add_c\nskills\ncached_skills\nexecute_all Ada\np_execute_all Ada 0 0 20\ndrop_cached_skill\n! execute_skill no x\n",
                    "--legacy").good()
    assert done.head["legacy"] == "yes"
    assert [(entry["requests"], entry["errors"]) for entry in done.entries.values()] == [(1, 0), (0, 0), (0, 0), (1, 0), (20, 0), (0, 0), (1, 1), (0, 0)]


def test_memory_lines(real):
    done = real.run("add_c\nexecute_skill sample_c1 Ada 20000 2500\n", "-m").good()
    lines = re.findall(r"^(\S+)Z INFO resource-eval: rss=(\d+) KB vms=(\d+) KB peak=(\d+) KB cpu=(\d+) ms children=(\d+) KB$", done.said, re.M)
    times = [datetime.datetime.fromisoformat(line[0]) for line in lines]
    assert len(lines) >= 3 and (times[-1] - times[0]).total_seconds() > 0.4 * (len(lines) - 1), lines  # every 0.5 s
    assert max(int(line[1]) for line in lines) > 20000 and all(int(line[3]) >= int(line[1]) for line in lines)
    assert " resource-eval: " not in real.run("skills\n").good().said


def stamp(path):
    """YYMMDD_HHMMSS.mmm of its change, in local time."""
    ms = path.stat().st_mtime_ns // 1000000
    return time.strftime("%y%m%d_%H%M%S", time.localtime(ms // 1000)) + f".{ms % 1000:03}"


def meminfo(name):
    """GiB, cut."""
    return int(re.search(rf"^{name}: +(\d+) kB", pathlib.Path("/proc/meminfo").read_text(), re.M)[1]) >> 20


def test_what_the_log_says(real, binary):
    available = meminfo("MemAvailable")
    done = real.run("skills\n").good()
    assert done.head["bin"] == str(binary) and done.head["cache"] == "empty" and done.head["filename"].endswith("test.cmds")
    assert "unknown" not in (done.head["strategy"], done.head["tier"])
    machine, kernel, script = done.lines[:3]
    assert kernel["hash"] == hashlib.sha1(binary.read_bytes()).hexdigest() and kernel["modified"] == stamp(binary)
    assert script["hash"] == hashlib.sha1(b"[['skills']]").hexdigest() and script["modified"] == stamp(real.folder / "test.cmds")
    assert machine["memory_total"] == str(meminfo("MemTotal"))
    available = (available, meminfo("MemAvailable"))  # others work here too
    assert min(available) - 2 <= int(machine["memory_available"]) <= max(available) + 2
    assert list(done.entries) == ["skills", "stop"]
    assert not any((real.folder / "eval-run").glob("*cache*"))


def test_ten_thousand_at_once(real):
    """Two skills, 5,000 calls each, all at once."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if hard < 10100:
        pytest.skip(f"10,000 connections need 10,100 open files, the system allows {hard}")
    begin = time.monotonic()
    done = real.run("p_add_c 2\np_execute_all Ada 0 0 5000\n", timeout=300).good()
    entry = done.entries["p_execute_all Ada 0 0 5000"]
    print(f"\n10,000 calls at once: {entry['took']} ms, p99 {entry['p99']} us, peak {entry['rss_peak']} KB; the test {time.monotonic() - begin:.1f} s")
    assert (entry["requests"], entry["errors"]) == (10000, 0)


def test_ended_by_ctrl_c(real):
    with real.begin("add_c\nexecute_skill sample_c1 Ada 0 60000\n") as process:
        support.wait_until(lambda: real.skills.exists() and (real.skills / "sample_c1.wasm").exists(), what="the copy")
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        done = real.end(process, timeout=40).failed("ended by signal 2")  # the call takes a minute
    assert "is the log of a run that failed" in real.compare(done.log, code=1)
