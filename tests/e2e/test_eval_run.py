"""resource-eval run with made-up kernels: that it can be ended and looked at whatever it does, what it keeps from a kernel, which skills it calls."""
import json
import os
import pty
import re
import signal
import time

import e2e_support as support
import pytest
from eval_support import Eval, fake


@pytest.fixture
def eval_(program, tmp_path):
    for name in ("c", "js", "py", "rs"):
        (tmp_path / f"sample_{name}.wasm").write_bytes(b"sample " + name.encode())
    return Eval(program, tmp_path, fake(tmp_path), tmp_path)


def memory_lines(done):
    return [line for line in done.said.splitlines() if " resource-eval: " in line]


@pytest.mark.parametrize("command, asked", [("execute_skill sample_c1 A", "POST"), ("skills", "GET /v1/skills"), ("execute_all A", "POST"),
                                            ("drop_cached_skill sample_c1", "DELETE")])
def test_fast_commands_are_watched(eval_, command, asked):
    """Each execution is far shorter than the 100 ms between two looks."""
    with eval_.begin(f"add_c\n! 1000000 {command}\n", "-m") as process:
        eval_.wait_asked(asked)
        eval_.wait_said(" resource-eval: ", 4)  # one or two of them may be of what was before
        process.send_signal(signal.SIGINT)
        done = eval_.end(process, timeout=20)  # all would take minutes
    done.failed("ended by signal 2")
    assert list(done.entries) == ["add_c"] and len(memory_lines(done)) >= 4


def test_many_copies_are_watched(eval_):
    (eval_.folder / "sample_c.wasm").write_bytes(bytes(50000))
    with eval_.begin("p_add_c 10000\n") as process:
        support.wait_until(lambda: (eval_.skills / "sample_c1.wasm").exists(), what="the first copy")
        process.send_signal(signal.SIGINT)
        eval_.end(process, timeout=60).failed("ended by signal 2")
    assert len(list(eval_.skills.glob("*.wasm"))) < 10000


def test_killed(eval_):
    """What it has logged so far is no log, and the next run takes its compile cache away."""
    fake(eval_.folder, "def run(call):\n    if call == 2:\n        time.sleep(100)\n    return 200, '1'")
    with eval_.begin("add_c\nskills\nexecute_all Ada\n") as process:
        eval_.wait_asked("GET /v1/skills\nPOST /v1/skills/dev/sample_c1/run\nGET /v1/skills\nGET /v1/skills\nPOST")
        process.kill()
        process.wait()
    log, = eval_.logs.glob("*_run.log*")
    assert log.suffix == ".log_failed" and len(log.read_text().splitlines()) == 5
    assert "is the log of a run that failed" in eval_.compare(log, code=1)
    cache, = eval_.folder.glob("eval-run/cache-*")
    (cache / "folder").mkdir()
    (cache / "folder/file").write_text("x")
    fake(eval_.folder)
    assert eval_.run("skills\n").good().out.rstrip().endswith("_run.log")
    assert sorted(path.suffix for path in eval_.logs.glob("*_run.log*")) == [".log", ".log_failed"]


SLOW_ENDS = """time.sleep(2.5)
def stop(*_):
    time.sleep(2.5)
    os._exit(0)
signal.signal(signal.SIGTERM, stop)"""


def test_start_and_stop_are_watched(eval_):
    fake(eval_.folder, SLOW_ENDS)
    master, slave = pty.openpty()
    with eval_.begin("skills\n", "-m", stdout=slave) as process:
        os.close(slave)
        done = eval_.end(process)
        shown = os.read(master, 1 << 16).decode()
    os.close(master)
    assert done.code == 0 and re.search(r"\[0/2\] start: [12]\.", shown) and re.search(r"\[2/2\] stop: [12]\.", shown), shown
    for phase in "start", "stop":
        assert len([line for line in memory_lines(done) if line.endswith(f" KB phase={phase}")]) >= 2, done.said


@pytest.mark.parametrize("lines, phase", [("def ready():\n    time.sleep(100)", "GET /ready"), ("time.sleep(100)", None),
                                          ("def ready():\n    return 503, ''", "GET /ready")])
def test_ctrl_c_at_the_start(eval_, lines, phase):
    fake(eval_.folder, lines)
    with eval_.begin("skills\n") as process:
        eval_.wait_asked(phase) if phase else support.wait_until(lambda: list(eval_.logs.glob("*_pk.log")), what="the kernel's log")
        process.send_signal(signal.SIGINT)
        done = eval_.end(process, timeout=20).failed("ended by signal 2")
    assert not done.log.read_text()


def test_ctrl_c_at_the_stop(eval_):
    fake(eval_.folder, "def stop(*_):\n    open('asked', 'a').write('STOP')\n    time.sleep(100)\nsignal.signal(signal.SIGTERM, stop)")
    with eval_.begin("skills\n") as process:
        eval_.wait_asked("STOP")
        process.send_signal(signal.SIGINT)
        eval_.end(process, timeout=20).failed("ended by a signal while the kernel was stopping")


def test_what_the_kernel_inherits(eval_, monkeypatch):
    """Settings that would change what is measured are kept from it, the others are told."""
    for name in "NAMESPACES__DEV__DIRECTORY", "namespaces__mine__directory", "cache_dir", "kernel_address":
        monkeypatch.setenv(name, "/nowhere")
    monkeypatch.setenv("NAMESPACE_UPDATE_INTERVAL", "1h")
    fake(eval_.folder, "json.dump(dict(os.environ), open('environment', 'w'))")
    assert eval_.run("add_c\n").good().head["settings"] == ""
    got = json.loads((eval_.folder / "eval-run/environment").read_text())
    address = f"127.0.0.1:{eval_.port}"
    assert got["NAMESPACE_UPDATE_INTERVAL"] == "1s" and got["LOG_LEVEL"] == "info" and "/nowhere" not in got.values()
    assert got["KERNEL_ADDRESS"] == got["PHARIA_KERNEL_ADDRESS"] == address and "eval-run/cache-" in got["CACHE_DIR"]
    monkeypatch.setenv("EXECUTORS", "1")
    monkeypatch.setenv("GUEST_MEMORY", "1Gi")
    done = eval_.run("add_c\n").good()
    assert sorted(done.head["settings"].split()) == ["EXECUTORS=1", "GUEST_MEMORY=1Gi"] and "settings" in done.lines[1]
    monkeypatch.setenv("LOG_LEVEL", "error")
    done = eval_.run("add_c\n").good()
    assert "LOG_LEVEL=error" in done.head["settings"].split() and done.head["strategy"] == "unknown"
    assert "Total time" in eval_.compare(done.log)


def test_every_setting_is_known(eval_, monkeypatch):
    """resource-eval has a list of its own: it is that of the kernel's documentation, without what the run sets."""
    table = (support.ROOT / "docs/configuration.md").read_text()
    names = set(re.findall(r"^\| `([A-Z_]+)` \|", table, re.M)) - {"KERNEL_ADDRESS", "CACHE_DIR", "NAMESPACE_UPDATE_INTERVAL", "NAMESPACES__NAME__DIRECTORY"}
    for name in names:
        monkeypatch.setenv(name, "1")
    assert set(eval_.run("add_c\n").good().head["settings"].split()) == {f"{name}=1" for name in names} and len(names) > 10


@pytest.mark.parametrize("name", ["config.toml", "namespace.toml", ".env"])
def test_a_folder_with_settings(eval_, name):
    (eval_.folder / "eval-run").mkdir()
    (eval_.folder / "eval-run" / name).write_text("x")
    eval_.run("add_c\n").failed(f"eval-run/{name} is there", "settings", "Remedy", "--folder")
    assert not (eval_.folder / "eval-run/asked").exists() and not eval_.skills.exists()


def test_broken_connections_take_no_time(eval_):
    """It waits whether the kernel has died; that is not measured."""
    fake(eval_.folder, "def run(call):\n    connections[-1].shutdown(socket.SHUT_RDWR)\n    return b''")
    begin = time.monotonic()
    done = eval_.run("! add_c\n! 10 execute_skill sample_c1 Ada\n").good()
    took = time.monotonic() - begin
    entry = done.entries["! 10 execute_skill sample_c1 Ada"]
    assert entry["errors"] == 10 and entry["took"] / 1e3 + 10 * 0.2 <= took, entry  # it waits 200 ms each time


LAGS = """known = set()
def listed():
    known.update(name[:-5] for name in os.listdir("skills") if name.endswith(".wasm"))
    return 200, json.dumps(["dev/" + name for name in known])"""


def test_what_was_deleted_is_called_by_its_name_only(eval_):
    """The kernel may list it for an interval still."""
    fake(eval_.folder, LAGS)
    eval_.run("p_add_c 3\ndelete_skill sample_c2\nexecute_all A\np_execute_all A 0 0 2\nexecute_skill sample_c2 A\n").good()
    called = [line.split("/")[-2] for line in eval_.asked() if "POST" in line][3:]
    assert called[:2] == ["sample_c1", "sample_c3"] and sorted(called[2:6]) == 2 * ["sample_c1"] + 2 * ["sample_c3"]
    assert called[6:] == ["sample_c2"]


def test_all_copies_are_waited_for(eval_):
    fake(eval_.folder, "shown = 0\ndef listed():\n    global shown\n    shown += 1\n    return 200, json.dumps([f'dev/sample_c{i}' for i in range(1, shown)])")
    eval_.run("p_add_c 5\n").good()
    asked = [line.split()[0] for line in eval_.asked() if "ready" not in line]
    assert asked == 6 * ["GET"] + 5 * ["POST"]


def test_connections_are_used_again(eval_):
    fake(eval_.folder, "def stop(*_):\n    print(f'connections: {len(connections)}.', flush=True)\n    os._exit(0)\nsignal.signal(signal.SIGTERM, stop)")
    assert "connections: 1." in eval_.run("add_c\n50 execute_skill sample_c1 Ada\n20 skills\n3 execute_all Ada 0 0 10\n").good().said
    said = eval_.run("add_c\n20 p_execute_all Ada 0 0 10\n").good().said
    assert 2 <= int(re.search(r"connections: (\d+)\.", said)[1]) <= 10, said


@pytest.mark.parametrize("cached, dropped", [("['dev/sample_c3', 'dev/sample_c2']", "sample_c2"), ("['dev/sample_c1', 'dev/sample_c4']", "sample_c4"),
                                             ("['dev/sample_c1']", "sample_c2"), ("[]", "sample_c2")])
def test_what_is_dropped(eval_, cached, dropped):
    """The first by name of those that are loaded and there, else the first that is there; sample_c1 is deleted."""
    fake(eval_.folder, f"def cached():\n    return 200, json.dumps({cached})")
    eval_.run("p_add_c 4\ndelete_skill\ndrop_cached_skill\n").good()
    assert [line for line in eval_.asked() if "DELETE" in line] == [f"DELETE /cached_skills/dev/{dropped}"]
