"""Lists of skills: made once per change, shared by all answers, never an old one."""
import http.client
import json
import threading
import time

from e2e_support import wait_until


def test_a_list_is_as_new_as_the_latest_change_that_was_seen(start, wasm):
    kernel = start()
    kernel.put(wasm.behaviour, "first")
    for i in range(20):
        name = f"skill{i}"
        kernel.put(wasm.behaviour, name)
        assert f"dev/{name}" in kernel.call("GET", "/skills").json()
        assert kernel.say(name, "echo").status == 200
        assert f"dev/{name}" in kernel.call("GET", "/cached_skills").json()  # from the moment of its answer
        assert kernel.call("DELETE", f"/cached_skills/dev/{name}").status == 200
        assert f"dev/{name}" not in kernel.call("GET", "/cached_skills").json()
        (kernel.skills / f"{name}.wasm").unlink()
        wait_until(lambda: f"dev/{name}" not in kernel.listed(), what="that a removed skill is not listed")


def test_lists_while_skills_come_and_go(start, wasm):
    """Many clients, some leave before their answer; each list is whole and sorted."""
    kernel = start()
    kernel.put(wasm.behaviour, "stays")
    stop = threading.Event()

    def change():
        i = 0
        while not stop.is_set():
            kernel.put(wasm.behaviour, f"comes{i % 7}", wait=False)
            (kernel.skills / f"comes{(i + 3) % 7}.wasm").unlink(missing_ok=True)
            i += 1
            time.sleep(0.002)
    thread = threading.Thread(target=change)
    thread.start()

    def ask(i):
        connection = http.client.HTTPConnection("127.0.0.1", kernel.port, timeout=60)
        connection.request("GET", ("/skills", "/cached_skills")[i % 2])
        if i % 5 == 0:
            connection.close()
            return
        answer = connection.getresponse()
        names = json.loads(answer.read())
        connection.close()
        assert answer.status == 200 and names == sorted(names) and ("dev/stays" in names or i % 2)
    try:
        kernel.many(1000, ask, workers=16)
    finally:
        stop.set()
        thread.join()
