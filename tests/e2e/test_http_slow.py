"""Clients that are slow, silent, half closed or too many: who behaves is served, and a call that runs is never cut off for others."""
import contextlib
import resource
import shutil
import socket
import threading
import time

import pytest

from e2e_support import read_answer, wait_until

HEAD = b"POST /v1/skills/dev/skill/run HTTP/1.1\r\nHost: k\r\nContent-Type: application/json\r\n"
ECHO = HEAD + b"Content-Length: 6\r\n\r\n\"echo\""


@pytest.fixture
def skill(start, wasm):
    def new(**env):
        kernel = start(env=env)
        kernel.put(wasm.behaviour, "skill")
        assert kernel.say("skill", "echo").status == 200
        return kernel
    return new


def connect(kernel):
    return socket.create_connection(("127.0.0.1", kernel.port), 60)


@contextlib.contextmanager
def dripping(clients, texts, pause):
    """Each client sends the next byte of its text every `pause` seconds."""
    stop = threading.Event()

    def drip():
        at = 0
        while not stop.wait(pause):
            for client, text in zip(clients, texts):
                with contextlib.suppress(OSError):
                    client.send(text[at % len(text):][:1])
            at += 1
    thread = threading.Thread(target=drip)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def rest(client):
    """What comes until the end of the connection."""
    data = b""
    with contextlib.suppress(ConnectionResetError):
        while piece := client.recv(65536):
            data += piece
    return data


# ---- deadlines

SLOW = {"a head": (HEAD[:30], HEAD[30:] + b"X: " + b"y" * 10000), "a body": (HEAD + b"Content-Length: 100000\r\n\r\n\"", b"x" * 10000),
        "chunks": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\n\"\r\n", b"1\r\nx\r\n" * 2000), "an extension": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n1", b";" + b"x" * 200)}


@pytest.mark.parametrize("what", SLOW)
def test_who_drips_a_request_gets_408_although_bytes_come_all_the_time(skill, what):
    kernel = skill(HEADER_TIMEOUT="1s", TRANSFER_PERIOD="1s")
    begin, drops = SLOW[what]
    with connect(kernel) as client:
        client.sendall(begin)
        with dripping([client], [drops], 0.05):
            data = rest(client)
    assert data.startswith(b"HTTP/1.1 408 ") and b"\r\nConnection: close\r\n" in data and data.count(b"HTTP/1.1 ") == 1
    assert (b"HEADER_TIMEOUT" if what == "a head" else b"TRANSFER_RATE") in data
    assert kernel.say("skill", "echo").status == 200


def test_a_body_that_comes_steadily_may_take_longer_than_the_period(skill):
    kernel = skill(TRANSFER_PERIOD="1s", TRANSFER_RATE="100")
    body = b'"echo' + b"x" * 20000 + b'"'
    with connect(kernel) as client:
        client.sendall(HEAD + b"Content-Length: %d\r\n\r\n" % len(body))
        for at in range(0, len(body), 600):
            client.sendall(body[at:at + 600])
            time.sleep(0.1)
        assert read_answer(client.makefile("rb"))[::2] == (200, body)


def test_a_connection_that_was_idle_has_the_whole_time_for_its_next_head(skill):
    kernel = skill(HEADER_TIMEOUT="1s", IDLE_TIMEOUT="60s")
    with connect(kernel) as client:
        time.sleep(1.5)
        for _ in range(2):
            client.sendall(ECHO[:40])
            time.sleep(0.3)
            client.sendall(ECHO[40:])
            assert read_answer(client.makefile("rb"))[0] == 200
            time.sleep(1.5)


def test_who_does_not_take_the_answer_is_closed(skill):
    kernel = skill(TRANSFER_PERIOD="1s")
    body = '"echo' + "x" * 30_000_000 + '"'
    client = kernel.begin("skill", body)
    kernel.wait_log("1 readers")
    with client:
        assert len(rest(client)) < len(body)


def test_a_call_that_takes_long_has_no_deadline_of_these(skill):
    kernel = skill(HEADER_TIMEOUT="200ms", TRANSFER_PERIOD="200ms", IDLE_TIMEOUT="1s", INVOCATION_TIMEOUT="4s")
    with kernel.begin("skill", '"Sleep"') as client:
        status, _, body = read_answer(client.makefile("rb"))
    assert status == 503 and b"dev/skill" in body


# ---- connections or descriptors are used up

def assert_serves(kernel, count=50):
    assert kernel.many(count, lambda i: kernel.say("skill", "echo").status, workers=4) == [200] * count


@pytest.mark.parametrize("at_start", [True, False])
def test_150_dripping_clients_do_not_shut_out_the_others(start, wasm, tmp_path, at_start):
    """With 200 descriptors: as the limit that the kernel starts with, or as one that it meets when it accepts."""
    kernel = start(env={"MAX_INVOCATIONS": "20"})
    kernel.put(wasm.behaviour, "skill")
    assert kernel.say("skill", "echo").status == 200
    if at_start:
        kernel.stop()
        wrapper = tmp_path / "limited"
        wrapper.write_text(f"#!/bin/sh\nulimit -n 200\nexec {shutil.which('env')} {kernel.binary}\n")
        wrapper.chmod(0o755)
        kernel.binary = str(wrapper)
        kernel.start()
    else:
        resource.prlimit(kernel.process.pid, resource.RLIMIT_NOFILE, (200, 200))
    with kernel.begin("skill", '"s running"') as running, contextlib.ExitStack() as stack:
        clients = [stack.enter_context(connect(kernel)) for _ in range(250)]
        texts = [ECHO[:-9] + b"X: " + b"y" * 1000] * 100 + [HEAD + b"Content-Length: 100000\r\n\r\n" + b"x" * 1000] * 100 + [b" "] * 50
        for client, text in zip(clients, texts):
            with contextlib.suppress(OSError):
                client.sendall(text[:len(HEAD)] if len(text) > 1 else b"")
        with dripping(clients[:200], texts[:200], 0.1):
            time.sleep(1.2)
            begin = time.monotonic()
            assert_serves(kernel)
            print(f"\n50 good calls beside them took {time.monotonic() - begin:.2f} s")
        assert read_answer(running.makefile("rb"))[::2] == (200, b'"s running"')
    kernel.wait_log("slow ones closed", 60)
    assert kernel.log().count("slow ones closed") <= 3  # not a line for each
    assert_serves(kernel)


def test_calls_that_run_are_never_cut_off_and_accepting_does_not_spin(start, wasm):
    kernel = start()
    kernel.put(wasm.behaviour, "skill")
    assert kernel.say("skill", "echo").status == 200
    resource.prlimit(kernel.process.pid, resource.RLIMIT_NOFILE, (150, 150))
    calls = [kernel.begin("skill", '"Sleep"') for _ in range(200)]  # more than there is room for
    kernel.wait_log("not accepted: ", 60)
    before = kernel.cpu()
    time.sleep(1)
    assert kernel.cpu() - before < 0.5
    waiting = connect(kernel)
    for call in calls[:100]:
        call.close()
    waiting.sendall(ECHO)
    assert read_answer(waiting.makefile("rb"))[0] == 200
    for call in [waiting, *calls[100:]]:
        call.close()
    wait_until(lambda: kernel.say("skill", "echo").status == 200)


# ---- clients that leave, and those that only close their half

@contextlib.contextmanager
def load(kernel):
    stop = threading.Event()

    def ask():
        while not stop.is_set():
            kernel.say("skill", "echo")
    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()


@pytest.mark.parametrize("busy", [False, True])
def test_a_half_closed_client_gets_its_answer_however_busy_the_kernel_is(skill, busy):
    kernel = skill()

    def half_closed(i):
        with connect(kernel) as client:
            client.sendall(HEAD + b"Content-Length: 8\r\n\r\n\"s%05d\"" % i if i % 2 else ECHO)
            client.shutdown(socket.SHUT_WR)
            stream = client.makefile("rb")
            return read_answer(stream)[::2] + (stream.read(),)
    with load(kernel) if busy else contextlib.nullcontext():
        answers = kernel.many(200, half_closed, workers=4)
    assert answers == [(200, b'"s%05d"' % i if i % 2 else b'"echo"', b"") for i in range(200)]


def test_a_half_closed_client_of_http_1_0_gets_nothing_but_its_answer(skill):
    kernel = skill()
    for _ in range(20):
        with connect(kernel) as client:
            client.sendall((HEAD + b"Content-Length: 6\r\n\r\n\"s one\""[:-1] + b'"').replace(b"HTTP/1.1", b"HTTP/1.0").replace(b"Length: 6", b"Length: 7"))
            client.shutdown(socket.SHUT_WR)
            data = rest(client)
            assert data.startswith(b"HTTP/1.1 200 ") and data.endswith(b'\r\n\r\n"s one"')


@pytest.mark.parametrize("pipelined", [b"", ECHO, b"POST", ECHO * 1000])
def test_a_client_that_closes_is_gone_also_with_more_behind_its_request(start, wasm, pipelined):
    kernel = start(env={"MAX_INVOCATIONS": "10"})
    kernel.put(wasm.behaviour, "skill")
    assert kernel.say("skill", "echo").status == 200
    with load(kernel):
        for _ in range(20):
            clients = [connect(kernel) for _ in range(2)]
            for client in clients:
                client.sendall(HEAD + b"Content-Length: 7\r\n\r\n\"Sleep\"" + pipelined)
            for client in clients:
                client.close()
    wait_until(lambda: set(kernel.many(10, lambda i: kernel.say("skill", "s").status)) == {200}, what="that all ten places are free again")
