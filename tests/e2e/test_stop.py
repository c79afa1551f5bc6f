"""Stopping, and clients that go away: deadlines, signals, exit codes; and a log that nobody reads."""
import os
import signal
import socket
import subprocess
import threading
import time

import pytest

from e2e_support import children, read_answer, wait_until
from kernel_process import free_port


@pytest.fixture
def skill(start, wasm):
    def new(**env):
        kernel = start(env=env)
        kernel.put(wasm.behaviour, "skill")
        assert kernel.say("skill", "echo").status == 200
        return kernel
    return new


def ended(kernel, timeout):
    begin = time.monotonic()
    assert kernel.process.wait(timeout) == 0, kernel.log()[-2000:]
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", kernel.port), 1)
    return time.monotonic() - begin


def refuses(kernel):
    try:
        socket.create_connection(("127.0.0.1", kernel.port), 1).close()
    except OSError:
        return True
    return False


def is_idle(kernel):
    before = kernel.cpu()
    time.sleep(0.3)
    return kernel.cpu() - before < 0.1


def answer(client):
    with client:
        return read_answer(client.makefile("rb"))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_idle_it_stops_at_once_with_0(skill, number):
    kernel = skill()
    idle = socket.create_connection(("127.0.0.1", kernel.port))
    kernel.process.send_signal(number)
    took = ended(kernel, 20)
    print(f"\nstopped in {took * 1e3:.0f} ms")
    assert took < 6 and signal.Signals(number).name in kernel.log() and kernel.log().rstrip().endswith("stopped")
    idle.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_running_calls_finish(skill, number):
    kernel = skill()
    clients = [kernel.begin("skill", '"s"') for _ in range(50)]
    time.sleep(0.02)
    kernel.process.send_signal(number)
    answers = [answer(client) for client in clients]
    assert {(status, body) for status, _, body in answers} == {(200, b'"s"')}
    assert ended(kernel, 20) < 6


def test_what_was_sent_before_the_signal_is_answered(skill):
    """However busy the machine is: here the kernel has not even accepted the connections."""
    kernel = skill()
    kernel.process.send_signal(signal.SIGSTOP)
    clients = [kernel.begin("skill", '"s"') for _ in range(300)]
    kernel.process.send_signal(signal.SIGTERM)
    kernel.process.send_signal(signal.SIGCONT)
    answers = [answer(client) for client in clients]
    assert {(status, body) for status, _, body in answers} == {(200, b'"s"')}
    assert ended(kernel, 20) < 6


def test_stop_accepts_nothing_new_but_still_answers(skill):
    kernel = skill(SHUTDOWN_DEADLINE="30s")
    waiting = kernel.begin("skill", '"Sleep"')
    old = socket.create_connection(("127.0.0.1", kernel.port), 5)
    old.sendall(b"GET /ready HTTP/1.1\r\nHost: k\r\n\r\n")
    stream = old.makefile("rb")
    assert read_answer(stream)[0] == 200
    kernel.process.send_signal(signal.SIGTERM)
    wait_until(lambda: refuses(kernel), 10, "that nobody listens any more")
    try:  # the open connection gets "no" or is closed
        old.sendall(b"GET /ready HTTP/1.1\r\nHost: k\r\n\r\n")
        assert read_answer(stream)[0] == 503
    except (OSError, IndexError):
        pass
    kernel.process.send_signal(signal.SIGTERM)
    ended(kernel, 20)
    waiting.close()
    old.close()


@pytest.mark.parametrize("delay", [0, 0.02])
def test_who_gets_a_connection_gets_an_answer_also_while_it_stops(skill, delay):
    """Refused or answered, never cut off: clients connect all the time, and send at once or a moment later."""
    kernel, outcomes = skill(), []

    def client():
        while True:
            try:
                connection = socket.create_connection(("127.0.0.1", kernel.port), 10)
            except OSError:
                return
            with connection:
                time.sleep(delay)
                connection.sendall(b"POST /v1/skills/dev/skill/run HTTP/1.1\r\nHost: k\r\nContent-Type: application/json\r\nContent-Length: 6\r\n\r\n\"echo\"")
                status, headers, _ = read_answer(connection.makefile("rb"))
                outcomes.append((status, headers.get("connection")))
    failures = []
    threads = [threading.Thread(target=lambda: catch(client, failures)) for _ in range(8)]
    for thread in threads:
        thread.start()
    wait_until(lambda: len(outcomes) > 50, what="that clients are served")
    kernel.process.send_signal(signal.SIGTERM)
    for thread in threads:
        thread.join()
    assert not failures and set(outcomes) <= {(200, None), (200, "close"), (503, "close")}
    ended(kernel, 20)


def catch(call, failures):
    try:
        call()
    except Exception as failure:
        failures.append(failure)
        raise


def test_a_request_on_an_open_connection_gets_503_and_close_when_it_stops(start, wasm):
    kernel = start(env={"SHUTDOWN_DEADLINE": "30s"})
    kernel.put(wasm.behaviour, "skill")
    kernel.put(wasm.behaviour, "cold")  # was never loaded
    assert kernel.say("skill", "echo").status == 200
    waiting = kernel.begin("skill", '"Sleep"')
    clients = [socket.create_connection(("127.0.0.1", kernel.port), 60) for _ in range(40)]
    for client in clients:
        client.sendall(b"GET /ready HTTP/1.1\r\nHost: k\r\n\r\n")
        assert read_answer(client.makefile("rb"))[0] == 200

    def run(client, name):
        client.sendall(f"POST /v1/skills/dev/{name}/run HTTP/1.1\r\nHost: k\r\nContent-Type: application/json\r\nContent-Length: 6\r\n\r\n\"echo\"".encode())
        status, headers, body = read_answer(client.makefile("rb"))
        assert headers.get("connection") == "close" and client.recv(1) == b"", body
        return status

    kernel.process.send_signal(signal.SIGTERM)
    wait_until(lambda: refuses(kernel), 10, "that nobody listens any more")
    # Who asked before the kernel has looked once more at its connections is still answered.
    wait_until(lambda: run(clients.pop(), "skill") == 503, 10, "that it has heard everybody who asked before")
    for name in ["skill", "cold", "skill", "cold"]:
        assert run(clients.pop(), name) == 503
    kernel.process.send_signal(signal.SIGTERM)
    assert answer(waiting)[0] == 503
    ended(kernel, 20)


def test_after_the_deadline_calls_are_cancelled(skill):
    kernel = skill(SHUTDOWN_DEADLINE="500ms")
    clients = [kernel.begin("skill", f'"{word}"') for word in ("Sleep", "loop", "Sleep")]
    time.sleep(0.1)
    kernel.process.send_signal(signal.SIGTERM)
    begin = time.monotonic()
    for client in clients:
        status, _, body = answer(client)
        assert status == 503 and b"dev/skill" in body and b"cancelled" in body
    ended(kernel, 20)
    assert 0.4 < time.monotonic() - begin < 15


def test_a_second_signal_cancels_at_once(skill):
    kernel = skill(SHUTDOWN_DEADLINE="1h")
    client = kernel.begin("skill", '"Sleep"')
    time.sleep(0.1)
    kernel.process.send_signal(signal.SIGTERM)
    time.sleep(0.5)
    assert kernel.process.poll() is None
    kernel.process.send_signal(signal.SIGINT)
    assert answer(client)[0] == 503
    assert ended(kernel, 20) < 6


def test_signals_at_any_time_do_no_harm(binary, tmp_path):
    """Again and again, from a moment of the start on until it has ended: also before there is a runtime, and when there is none any more."""
    for moment in range(80):
        env = {"KERNEL_ADDRESS": f"127.0.0.1:{free_port()}", "CACHE_DIR": str(tmp_path / "cache")}
        process = subprocess.Popen([binary], cwd=tmp_path, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(moment / 4000)
        while process.poll() is None:
            process.send_signal(signal.SIGTERM)
            process.send_signal(signal.SIGINT)
        assert process.returncode in (0, -signal.SIGTERM, -signal.SIGINT)  # killed: it had not yet begun to wait for signals


def test_it_stops_while_a_skill_compiles(start, wasm, tmp_path):
    kernel = start(cache=tmp_path / "cache")
    kernel.put(wasm.sample("sample_js"), "sample_js")
    client = kernel.begin("sample_js", '{"topic":"x"}')
    wait_until(lambda: children(kernel.process.pid), 10, "a compile child")
    time.sleep(0.5)
    child = children(kernel.process.pid)
    kernel.process.send_signal(signal.SIGTERM)
    assert ended(kernel, 30) < 20
    assert not any(os.path.exists(f"/proc/{pid}") for pid in child)
    client.close()


@pytest.mark.parametrize("word", ["Sleep", "loop"])
def test_a_client_that_leaves_cancels_its_call(skill, word):
    kernel = skill(SHUTDOWN_DEADLINE="30s")
    clients = [kernel.begin("skill", f'"{word}"') for _ in range(4)]
    time.sleep(0.2)
    for client in clients:
        client.close()
    wait_until(lambda: is_idle(kernel), 20, "the end of loops whose clients have left")
    kernel.process.send_signal(signal.SIGTERM)
    assert ended(kernel, 20) < 6


def test_a_client_that_leaves_while_the_skill_loads(start, wasm, tmp_path):
    kernel = start(cache=tmp_path / "cache", env={"SHUTDOWN_DEADLINE": "30s"})
    kernel.put(wasm.behaviour, "skill")
    kernel.begin("skill", '"Sleep"').close()
    assert kernel.say("skill", "echo").status == 200
    kernel.process.send_signal(signal.SIGTERM)
    assert ended(kernel, 20) < 6


def test_clients_that_leave_while_children_are_started(start, wasm, tmp_path):
    """A child has the kernel's descriptors until it runs its own program: closing one does not take it out of the epoll set then."""
    kernel = start(cache=tmp_path / "cache")
    stop = threading.Event()

    def come_and_go():
        while not stop.is_set():
            kernel.begin("nobody", "1").close()
    threads = [threading.Thread(target=come_and_go) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        for i in range(25):
            name = f"skill{i}"
            kernel.put(wasm.variant(f"leaves{i}", ('(data (i32.const 1040) "{}")', f'(data (i32.const 1040) "{{}}") (data (i32.const 1050) "{i}")')), name)
            assert kernel.say(name, "echo").status == 200
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def test_a_port_in_use_is_exit_1_with_a_text(skill, binary, tmp_path):
    kernel = skill()
    address = f"127.0.0.1:{kernel.port}"
    done = subprocess.run([binary], cwd=tmp_path, env={"KERNEL_ADDRESS": address, "CACHE_DIR": str(tmp_path / "cache")}, capture_output=True, text=True, timeout=20)
    assert done.returncode == 1 and address in done.stdout + done.stderr and "use" in done.stdout + done.stderr
    assert kernel.say("skill", "echo").status == 200


def test_a_port_is_free_again_at_once(start):
    address = f"127.0.0.1:{free_port()}"
    for _ in range(3):
        kernel = start(env={"KERNEL_ADDRESS": address})
        client = socket.create_connection(("127.0.0.1", kernel.port))
        kernel.stop()
        client.close()


@pytest.mark.parametrize("closed", [False, True])
def test_a_log_that_nobody_reads_blocks_nobody(binary, start, wasm, cache, tmp_path, closed):
    kernel = start()  # its client functions; the process is another one
    port = free_port()
    (tmp_path / "skills").mkdir()
    process = subprocess.Popen([binary], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                               env={"KERNEL_ADDRESS": f"127.0.0.1:{port}", "CACHE_DIR": str(cache)})
    first = process.stdout.readline()
    assert first.endswith(b"\n") and len(first.split()) >= 2
    kernel.process, original = process, kernel.process
    kernel.port, original_port = port, kernel.port
    try:
        kernel.put(wasm.behaviour, "skill", wait=False, folder=tmp_path / "skills")
        wait_until(lambda: reachable(kernel) and "dev/skill" in kernel.listed(), 10)
        if closed:
            process.stdout.close()
        statuses = kernel.many(3000, lambda i: kernel.say("skill", "trap").status, workers=8)  # each is a long line
        assert set(statuses) == {503}
        begin = time.monotonic()
        assert kernel.call("GET", "/health").text == "ok" and kernel.say("skill", "echo").status == 200
        assert time.monotonic() - begin < 10
        process.terminate()
        assert process.wait(10) == 0
    finally:
        process.kill()
        process.wait()
        if not closed:
            process.stdout.close()
        kernel.process, kernel.port = original, original_port


def reachable(kernel):
    try:
        return kernel.call("GET", "/ready").status == 200
    except OSError:
        return False


def test_sighup_is_logged_and_ends_nothing(skill):
    kernel = skill()
    kernel.process.send_signal(signal.SIGHUP)
    kernel.wait_log("SIGHUP is ignored: reload is not supported yet")
    assert kernel.say("skill", "echo").status == 200
    kernel.process.send_signal(signal.SIGTERM)
    ended(kernel, 30)
