"""resource-eval with kernels that behave badly, and with places that are not what they should be: what it says, what it leaves."""
import fcntl
import os
import pty
import re
import resource
import shutil
import signal
import socket
import struct
import subprocess
import termios
import unicodedata

import pytest
from eval_support import Eval, fake

FAST = ("--timeout", "4s")  # of the start too: Python takes a while on a busy machine


@pytest.fixture
def eval_(program, tmp_path):
    for name in ("c", "js", "py", "rs"):
        (tmp_path / f"sample_{name}.wasm").write_bytes(b"sample " + name.encode())
    return Eval(program, tmp_path, fake(tmp_path), tmp_path)


def behave(eval_, lines):
    fake(eval_.folder, lines)


def compare_refuses(eval_, done):
    assert "is the log of a run that failed" in eval_.compare(done.log, code=1)


def test_a_good_one(eval_):
    script = "add_py\nadd_rs\n2 add_c\nadd_js\np_add_js 3\nskills\nexecute_all Ada\np_execute_all Ada 1 2 3 4\ndrop_cached_skill\ndelete_skill\nexecute_all Bob\n"
    done = eval_.run(script).good()
    asked = [line for line in eval_.asked() if "POST" in line]
    names = ["sample_c1", "sample_c2", "sample_js1", "sample_js2", "sample_js3", "sample_js4", "sample_py1", "sample_rs1"]
    called = [line.split("/")[-2] for line in asked]
    assert called[:8] == ["sample_py1", "sample_rs1", "sample_c1", "sample_c2", "sample_js1", "sample_js2", "sample_js3", "sample_js4"]
    assert called[8:16] == names and called[-7:] == names[1:]  # in order; what was deleted is not called
    assert sorted(called[16:-7]) == sorted(3 * names)
    assert "DELETE /cached_skills/dev/sample_c1" in eval_.asked() and done.entries["p_execute_all Ada 1 2 3 4"]["requests"] == 24
    assert done.head["strategy"] == done.head["tier"] == "unknown"
    assert "Total time" in eval_.compare(done.log)


def test_dies_at_the_start(eval_):
    behave(eval_, "print('no good'); sys.exit(3)")
    done = eval_.run("add_c\n").failed("ended with status 3", "its last line: no good", "_pk.log", "fake-kernel")
    compare_refuses(eval_, done)


def test_cannot_be_executed(eval_):
    (eval_.folder / "text").write_text("hello")
    eval_.run("add_c\n", kernel="text").failed("no kernel to run at", "text", "--kernel")
    (eval_.folder / "text").chmod(0o755)
    eval_.run("add_c\n", kernel="text").failed("cannot execute it: Exec format error")
    eval_.run("add_c\n", kernel="none").failed("no kernel to run at none", "No such file")


@pytest.mark.parametrize("end, how", [("os._exit(7)", "ended with status 7"), ("os.kill(os.getpid(), 9)", "was killed by signal 9")])
def test_dies_in_the_middle(eval_, end, how):
    behave(eval_, f"def run(call):\n    if call == 6:\n        print('oh no', flush=True)\n        {end}\n    return 200, '1'")
    done = eval_.run("add_c\n! p_execute_all Ada 0 0 100\nskills\n").failed(how, "its last line: oh no")
    assert list(done.entries) == ["add_c"]  # the log so far
    compare_refuses(eval_, done)


def test_dies_while_nothing_is_asked(eval_):
    behave(eval_, "def listed():\n    threading.Timer(0.1, os._exit, (9,)).start()\n    return 200, '[]'")
    eval_.run("add_c\n").failed("ended with status 9")


def test_is_never_ready(eval_):
    behave(eval_, "def ready():\n    print('warming up', flush=True)\n    return 503, ''")
    eval_.run("add_c\n", *FAST).failed("was not ready within 4 s", "GET /ready: status 503", "last line: warming up")
    behave(eval_, "def ready():\n    time.sleep(100)")
    eval_.run("add_c\n", *FAST).failed("was not ready within 4 s", "no answer within the time limit")
    behave(eval_, "def ready():\n    return b'SSH-2.0-x\\r\\n'")
    eval_.run("add_c\n", *FAST).failed("was not ready within 4 s", "HTTP status line")


def test_answers_500(eval_):
    behave(eval_, "def run(call):\n    return 500, 'because\\n\\x1b[31m' + 3000 * 'x'")
    done = eval_.run("add_c\n! execute_skill sample_c1 x\n3 execute_all x\n")
    done.bad("failed: POST /v1/skills/dev/sample_c1/run: status 500: because  [31mxxx")
    assert "4 failed where nothing may fail" in done.err and "\x1b" not in done.out
    assert [entry["errors"] for entry in done.entries.values()] == [1, 1, 3, 0]
    eval_.run("! add_c\n! 2 execute_all x\n").good()
    assert "was expected to fail (!), but did not" in eval_.run("! skills\n").good().out


def test_many_failures_are_not_all_told(eval_):
    behave(eval_, "def run(call):\n    return 400, 'no'")
    done = eval_.run("! add_c\np_execute_all x 0 0 500\n10 execute_all x\n").bad()
    assert done.out.count("failed: POST") == 1 + 3 + 3 and "510 failed" in done.err
    behave(eval_, "def listed():\n    return 404, 'no'")
    done = eval_.run("100 skills\n").bad("failed: GET /v1/skills: status 404: no")
    assert done.out.count("failed: GET") == 3 and "100 failed" in done.err


def test_times_of_calls(eval_):
    """Of 200, three take 0.5 s and one 4 s: far enough from each other for a busy machine."""
    behave(eval_, "def run(call):\n    time.sleep({50: 0.5, 100: 0.5, 150: 4, 190: 0.5}.get(call, 0))\n    return 200, '1'")
    entry = eval_.run("add_c\nexecute_all Ada 0 0 200\n").good().entries["execute_all Ada 0 0 200"]
    assert entry["p50"] < 500000 <= entry["p99"] < 4000000 <= entry["max"], entry


def test_hangs_in_a_call(eval_):
    behave(eval_, "def run(call):\n    if call == 2:\n        time.sleep(100)\n    return 200, '1'")
    done = eval_.run("add_c\nexecute_skill sample_c1 Ada\nexecute_skill sample_c1 Bob\n", *FAST)
    done.bad("failed: POST /v1/skills/dev/sample_c1/run: no answer within the time limit (--timeout)")
    entries = done.entries
    assert entries["execute_skill sample_c1 Ada"]["errors"] == 1 and entries["execute_skill sample_c1 Ada"]["p50"] >= 4000000
    assert entries["execute_skill sample_c1 Bob"]["errors"] == 0


def test_hangs_in_the_list(eval_):
    behave(eval_, "def listed():\n    time.sleep(100)")
    eval_.run("skills\nadd_c\n", *FAST).bad("failed: GET /v1/skills: no answer within the time limit")


def test_refuses_connections_after_a_while(eval_):
    behave(eval_, """def run(call):
    if call == 3:
        listener.shutdown(socket.SHUT_RDWR)
        for client in connections:
            client.shutdown(socket.SHUT_RDWR)
    return 200, '1'""")
    done = eval_.run("add_c\n5 execute_all Ada\nskills\nexecute_skill sample_c1 Ada\ndrop_cached_skill\n! cached_skills\n")
    done.bad("failed: GET /v1/skills: the connection was refused: nothing listens there (any more)",
             "failed: DELETE /cached_skills/dev/sample_c1: the connection was refused")
    assert [entry["errors"] for entry in done.entries.values()] == [0, 4, 1, 1, 2, 1, 0]


def test_ends_in_the_middle_of_an_answer(eval_):
    behave(eval_, """def run(call):
    connections[-1].sendall(b'HTTP/1.1 200 OK\\r\\nContent-Length: 9\\r\\n\\r\\nab')
    connections[-1].shutdown(socket.SHUT_RDWR)
    return b''
def drop(path):
    connections[-1].setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b'\\1\\0\\0\\0\\0\\0\\0\\0')
    connections[-1].shutdown(socket.SHUT_RDWR)
    return b''""")
    done = eval_.run("! add_c\n! drop_cached_skill\n").good()
    assert [entry["errors"] for entry in done.entries.values()] == [1, 1, 0]
    assert done.out.count("before the answer was complete") == 2


def test_answers_garbage(eval_):
    behave(eval_, "def run(call):\n    return b'\\x00\\xff<html>\\r\\n\\r\\n'\ndef drop(path):\n    return b'HTTP/1.1 200 OK\\r\\nContent-Length: x\\r\\n\\r\\n'")
    done = eval_.run("add_c\ndrop_cached_skill sample_c1\n")
    done.bad("the answer does not begin with an HTTP status line", "Content-Length is no number")
    assert [entry["errors"] for entry in done.entries.values()] == [1, 1, 0]


@pytest.mark.parametrize("text", ["{}", "[1]", "<html>", "", "[\"dev/a\"", "null"])
def test_lists_that_are_none(eval_, text):
    behave(eval_, f"def listed():\n    return 200, {text!r}")
    done = eval_.run("skills\nadd_c\nexecute_all Ada\ndrop_cached_skill\n")
    done.bad("the answer is no list of skills", text[:5])
    assert [entry["errors"] for entry in done.entries.values()] == [1, 1, 1, 1, 0]
    assert done.out.count("failed: ") == 4


def test_a_skill_is_never_listed(eval_):
    behave(eval_, "def listed():\n    return 200, '[\"dev/other\"]'")
    done = eval_.run("skills\nadd_c\n", *FAST).failed("does not list dev/sample_c1 within 4 s", "eval-run/skills")
    assert list(done.entries) == ["skills"]


def test_a_skill_is_never_listed_as_expected(eval_):
    behave(eval_, "def listed():\n    return 200, '[\"dev/other\"]'")
    done = eval_.run("! add_c\nskills\n", *FAST).good()
    assert [entry["errors"] for entry in done.entries.values()] == [1, 0, 0]
    assert "does not list dev/sample_c1 within 4 s" in done.out


def test_ignores_sigterm(eval_):
    behave(eval_, """def stop(*_):
    with open("asked", "a") as asked:
        asked.write("STOP\\n")
signal.signal(signal.SIGTERM, stop)""")
    done = eval_.run("skills\n", *FAST).failed("did not stop within 4 s of SIGTERM", "killed")
    compare_refuses(eval_, done)
    with eval_.begin("skills\n") as process:  # it would wait ten minutes
        eval_.wait_asked("STOP")
        process.send_signal(signal.SIGTERM)
        eval_.end(process, timeout=60).failed("ended by a signal while the kernel was stopping")


def test_ends_badly(eval_):
    behave(eval_, "def stop(*_):\n    print('bad end', flush=True)\n    os._exit(1)\nsignal.signal(signal.SIGTERM, stop)")
    eval_.run("skills\n").failed("ended with status 1", "bad end")


def test_floods_its_log(eval_):
    behave(eval_, "def flood():\n    while True:\n        os.write(2, 100 * b'2026 a line of the flood\\n')\n        time.sleep(0.001)\n"
                  "threading.Thread(target=flood, daemon=True).start()")
    done = eval_.run("add_c\np_execute_all Ada 0 0 200\n").good()
    assert done.kernel_log.stat().st_size > 10000
    behave(eval_, "os.truncate(1, 1 << 31)\ndef run(call):\n    time.sleep(1)")
    done = eval_.run("add_c\n").failed("is larger than 1 GiB", "LOG_LEVEL=error")
    done.kernel_log.unlink()


def test_leaves_children(eval_):
    behave(eval_, "if os.fork() == 0:\n    signal.signal(signal.SIGTERM, signal.SIG_IGN)\n    time.sleep(1000)")
    done = eval_.run("skills\n").good()  # which looks whether something is left
    assert done.entries["skills"]["children_rss"] > 1000


def test_a_busy_port(eval_):
    with socket.socket() as other:
        other.bind(("127.0.0.1", eval_.port))
        other.listen()
        done = subprocess.run(eval_.command("skills\n"), capture_output=True, text=True, cwd=eval_.folder, timeout=120)
    assert done.returncode == 1 and f"port {eval_.port} is busy" in done.stderr and "--address" in done.stderr
    assert not (eval_.folder / "eval-run/asked").exists() and not list(eval_.folder.glob("eval-run/cache*"))
    assert [path.suffix for path in eval_.logs.iterdir()] == [".log_failed"]
    eval_.options = ["--address", "0.0.0.0:8081"]
    eval_.run("skills\n").failed('"0.0.0.0:8081" is no address of this machine')


def test_a_missing_sample(eval_):
    (eval_.folder / "sample_rs.wasm").unlink()
    eval_.run("add_c\nadd_rs\n").failed("sample_rs.wasm is missing", "make skills", "--samples")
    assert not (eval_.folder / "eval-run").exists()  # told before anything starts


def test_skills_that_are_not_ours(eval_):
    eval_.skills.mkdir(parents=True)
    (eval_.skills / "mine.wasm").write_text("x")
    eval_.run("skills\n").failed("was not made by resource-eval", "eval-run/skills", "Remedy", "--folder")
    assert (eval_.skills / "mine.wasm").exists()


def test_two_runs_in_one_folder(eval_):
    behave(eval_, "def run(call):\n    time.sleep(100)")
    with eval_.begin("add_c\n") as first:
        eval_.wait_asked("POST")
        second = subprocess.run(eval_.command("skills\n"), capture_output=True, text=True, cwd=eval_.folder, timeout=120)
        assert second.returncode == 1 and "another run of resource-eval works in" in second.stderr and "--folder" in second.stderr
        assert (eval_.skills / "sample_c1.wasm").exists()
        first.send_signal(signal.SIGINT)
        eval_.end(first).failed("ended by signal 2")


def test_bad_lines(eval_):
    done = eval_.run("add_c\nadd_cobol\nexecute_skill\n  0 skills\nstop\n")
    assert done.code == 1 and not done.out
    lines = done.err.splitlines()
    assert [line.partition("test.cmds:")[2][:2] for line in lines] == ["2:", "3:", "4:", "5:"], done
    assert not eval_.logs.exists() and not (eval_.folder / "eval-run").exists()


@pytest.mark.parametrize("options, text", [(["--timeout", "0"], "must not be 0"), (["--timeout", "x"], "x"), (["--nothing"], "no option"), (["more"], "one script"),
                                           (["--kernel"], "needs a value")])
def test_wrongly_called(eval_, options, text):
    done = subprocess.run([eval_.program, "run", eval_.folder / "no.cmds", *options], capture_output=True, text=True, timeout=120)
    assert done.returncode == 2 and text in done.stderr and "run --help" in done.stderr, done
    done = subprocess.run([eval_.program, "run", eval_.folder / "no.cmds"], capture_output=True, text=True, timeout=120)
    assert done.returncode == 1 and "no.cmds" in done.stderr and "No such file" in done.stderr


def test_logs_that_cannot_be_written(eval_):
    (eval_.folder / "file").write_text("")
    eval_.run("skills\n", "--logs", "file").failed("file")
    eval_.run("skills\n", "--logs", "no/logs").failed("cannot make the folder no/logs: No such file")
    eval_.run("skills\n", "--logs", "/proc").failed("/proc/")
    eval_.run("skills\n", "--folder", "file").failed("file")
    assert not (eval_.folder / "eval-run/asked").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_ended_by_a_signal(eval_, number):
    behave(eval_, "def run(call):\n    time.sleep(100)")
    with eval_.begin("skills\n! p_add_c 3\n") as process:
        eval_.wait_asked("POST")
        process.send_signal(number)
        done = eval_.end(process, timeout=60).failed(f"ended by signal {int(number)}")
    assert list(done.entries) == ["skills"]
    compare_refuses(eval_, done)


def test_nohup_holds(eval_):
    behave(eval_, "def run(call):\n    time.sleep(0.5)\n    return 200, '1'")
    with eval_.begin("add_c\n", preexec=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN)) as process:
        eval_.wait_asked("POST")
        process.send_signal(signal.SIGHUP)
        eval_.end(process).good()


def test_nobody_reads(eval_):
    """`resource-eval run … | head -0`: the run goes on."""
    read, write = os.pipe()
    os.close(read)
    with eval_.begin("add_c\nskills\n", stdout=write) as process:
        os.close(write)
        done = eval_.end(process)
    assert done.code == 0 and list(done.entries) == ["add_c", "skills", "stop"]


def test_too_few_open_files(eval_):
    def low():
        resource.setrlimit(resource.RLIMIT_NOFILE, (150, 300))

    done = eval_.run("add_c\np_execute_all x 0 0 200\n", preexec=low).good()  # more than 150: the limit was raised
    assert done.entries["p_execute_all x 0 0 200"]["requests"] == 200
    eval_.run("add_c\np_execute_all x 0 0 250\n", preexec=low).failed("250 calls at once", "the system allows 236", "ulimit -Hn")


def test_too_many_at_once(eval_):
    eval_.run("p_add_c 3\np_execute_all x 0 0 6667\n").failed("p_execute_all x 0 0 6667: 20001 calls at once are more than 20000")


def on_a_terminal(eval_, script, columns):
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("4H", 24, columns, 0, 0))
    with eval_.begin(script, stdout=slave) as process:
        os.close(slave)
        done = eval_.end(process)
        shown = os.read(master, 1 << 16).decode()
    os.close(master)
    assert done.code == 0
    assert all("[1/2]" not in line.rpartition("\r\x1b[K")[2] for line in shown.split("\r\n")), shown
    return shown


def test_the_line_of_a_terminal(eval_):
    """Written anew again and again, and gone where a line that stays is written."""
    behave(eval_, "def run(call):\n    time.sleep(1)\n    return 200, '1'")
    shown = on_a_terminal(eval_, "add_c\n", 0)  # its width is not known
    assert re.search(r"\[1/2\] add_c: \d", shown) and " requests/s, " in shown


def columns(text):
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


@pytest.mark.parametrize("width, topic", [(40, "Ada"), (40, 100 * "x"), (100, 60 * "漢字"), (20, "ÄÖÜ漢字"), (3, "Ada")])
def test_the_line_of_a_narrow_terminal(eval_, width, topic):
    """What takes more than a row is not cleared: each update would leave a line."""
    behave(eval_, "def listed():\n    return 200, '[\"dev/sample_c1\"]'\ndef run(call):\n    time.sleep(1)\n    return 200, '1'")
    shown = on_a_terminal(eval_, f"execute_skill sample_c1 {topic}\n", width)
    updates = [line for line in re.split("\r\x1b\\[K|\r\n", shown) if line.startswith("[")]
    assert len(updates) > 1 and all(0 < columns(update) < width for update in updates), updates
    stays = next(line for line in re.split("\r\x1b\\[K|\r\n", shown) if line.startswith("execute_skill"))
    assert columns(stays) < 80 and " ms " in stays, stays
    assert ("…" in stays) == (len(topic) > 10)
    if width == 40:
        assert updates[-1].endswith(" MB"), updates


def test_where_it_looks_by_itself(eval_, monkeypatch):
    """The kernel beside the program, the samples of the developer's cache; folders below the working directory."""
    places = eval_.folder / "bin", eval_.folder / "cache/skills/out"
    for place in places:
        place.mkdir(parents=True)
    eval_.kernel.rename(places[0] / "pharia-kernel")
    program = shutil.copy2(eval_.program, places[0] / "resource-eval")
    (eval_.folder / "sample_c.wasm").rename(places[1] / "sample_c.wasm")
    (eval_.folder / "test.cmds").write_text("add_c\n")
    monkeypatch.setenv("PHARIA_DEV_CACHE", str(eval_.folder / "cache"))
    done = subprocess.run([program, "run", "-a", f"localhost:{eval_.port}", "test.cmds"], cwd=eval_.folder, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done
    assert (eval_.skills / "sample_c1.wasm").exists() and list(eval_.logs.glob("*_run.log"))
    eval_.nothing_is_left()
