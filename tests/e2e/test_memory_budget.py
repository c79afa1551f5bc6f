"""The memory is divided at start, and what bodies had goes back."""
import re
import socket

from e2e_support import wait_until


def test_the_shares_are_told_and_fit(start):
    said = re.search(r"memory: (\d+) MiB, divided: (\d+) for invocations, (\d+) for request bodies, (\d+) for", start().log())
    total, *shares = map(int, said.groups())
    assert sum(shares) <= total and all(shares)


def test_more_than_there_is_is_warned_of(start):
    assert "GUEST_MEMORY and BODY_MEMORY together are more" in start(env={"GUEST_MEMORY": "1000Gi", "BODY_MEMORY": "1000Gi"}).log()
    assert "GUEST_MEMORY and BODY_MEMORY together" not in start(env={"GUEST_MEMORY": "128Mi", "BODY_MEMORY": "64Mi"}).log()


def test_the_memory_of_a_storm_of_bodies_goes_back(start, wasm):
    kernel = start(env={"BODY_MEMORY": "512Mi"})
    kernel.put(wasm.behaviour, "skill")
    kernel.say("skill", "echo")
    head = b"POST /v1/skills/dev/skill/run HTTP/1.1\r\nHost: k\r\nContent-Type: application/json\r\nContent-Length: 9000000\r\n\r\n\"e"
    before = kernel.memory()["anon"]
    for _ in range(3):
        clients = [socket.create_connection(("127.0.0.1", kernel.port), 60) for _ in range(40)]
        for at, client in enumerate(clients):
            client.sendall(head + b"x" * (8000000 - at * 150000))
        wait_until(lambda: kernel.memory()["anon"] > before + 150000, what="that the bodies are there")
        for client in clients:
            client.close()
        wait_until(lambda: kernel.memory()["anon"] < before + 30000, what="that their memory went back")


def test_a_container_of_1_gib_carries_bodies_that_never_end(start, wasm, memory_group):
    """32 clients that each sent 31 MiB of a body had the kernel ended by the system."""
    kernel = start(group=memory_group(1 << 30))
    kernel.put(wasm.behaviour, "skill")
    kernel.say("skill", "echo")
    head = b"POST /v1/skills/dev/skill/run HTTP/1.1\r\nHost: k\r\nContent-Type: application/json\r\nContent-Length: 33000000\r\n\r\n\"e"
    clients = [socket.create_connection(("127.0.0.1", kernel.port), 60) for _ in range(32)]
    refused = 0
    for client in clients:
        try:
            client.sendall(head + b"x" * (31 << 20))
        except (BrokenPipeError, ConnectionResetError):
            refused += 1
    wait_until(lambda: kernel.say("skill", "echo").status == 200, what="that a good call is answered")
    assert kernel.process.poll() is None
    assert kernel.memory()["anon"] > 50000  # bodies are held, not all were refused at once
    refused += sum(answered(client) for client in clients)
    assert 0 < refused < 32
    for client in clients:
        client.close()


def answered(client):
    """Has it an answer though its body is not whole? It can only be a refusal."""
    client.setblocking(False)
    try:
        return client.recv(12) == b"HTTP/1.1 503"
    except (BlockingIOError, ConnectionResetError):
        return False
