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
