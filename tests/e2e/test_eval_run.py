"""resource-eval run with made-up kernels: that it can be ended and looked at whatever it does, what it keeps from a kernel, which skills it calls."""
import os
import pty
import signal
import time

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
        time.sleep(1.7)
        begin = time.monotonic()
        process.send_signal(signal.SIGINT)
        done = eval_.end(process, timeout=10)
    assert time.monotonic() - begin < 2
    done.failed("ended by signal 2")
    assert list(done.entries) == ["add_c"] and len(memory_lines(done)) >= 3


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


SLOW_ENDS = """time.sleep(1.2)
def stop(*_):
    time.sleep(1.2)
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
    assert done.code == 0 and "[0/2] start: 1." in shown and "[2/2] stop: 1." in shown, shown
    for phase in "start", "stop":
        assert len([line for line in memory_lines(done) if line.endswith(f" KB phase={phase}")]) >= 2, done.said


@pytest.mark.parametrize("lines, phase", [("def ready():\n    time.sleep(100)", "GET /ready"), ("time.sleep(100)", None),
                                          ("def ready():\n    return 503, ''", "GET /ready")])
def test_ctrl_c_at_the_start(eval_, lines, phase):
    fake(eval_.folder, lines)
    with eval_.begin("skills\n") as process:
        eval_.wait_asked(phase) if phase else time.sleep(0.5)
        begin = time.monotonic()
        process.send_signal(signal.SIGINT)
        done = eval_.end(process, timeout=10).failed("ended by signal 2")
    assert time.monotonic() - begin < 2 and not done.log.read_text()


def test_ctrl_c_at_the_stop(eval_):
    fake(eval_.folder, "def stop(*_):\n    open('asked', 'a').write('STOP')\n    time.sleep(100)\nsignal.signal(signal.SIGTERM, stop)")
    with eval_.begin("skills\n") as process:
        eval_.wait_asked("STOP")
        begin = time.monotonic()
        process.send_signal(signal.SIGINT)
        eval_.end(process, timeout=10).failed("ended by a signal while the kernel was stopping")
    assert time.monotonic() - begin < 2
