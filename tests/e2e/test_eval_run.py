"""resource-eval run with made-up kernels: that it can be ended and looked at whatever it does, what it keeps from a kernel, which skills it calls."""
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
