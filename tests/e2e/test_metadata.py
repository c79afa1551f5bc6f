"""What a skill says about itself is bounded: a hostile one gets an error of its own, quickly checked."""
import contextlib
import json
import socket

import pytest

from e2e_support import read_answer

AT = 131072  # behind the skill's own two pages
SIZES = "(i32.store (i32.const 108) (i32.const 1040)) (i32.store (i32.const 112) (i32.const 2))"


def with_schema(wasm, name, schema):
    quoted = schema.replace("\\", "\\\\").replace('"', '\\"')
    return wasm.variant(name, ('(memory (export "memory") 2)', '(memory (export "memory") 20)'), ('(import "env" "memory" (memory 2))', '(import "env" "memory" (memory 20))'),
                        (SIZES, f"(i32.store (i32.const 108) (i32.const {AT})) (i32.store (i32.const 112) (i32.const {len(schema)}))"),
                        ('(data (i32.const 1040) "{}")', f'(data (i32.const 1040) "{{}}") (data (i32.const {AT}) "{quoted}")'))


@pytest.mark.parametrize("count,good", [(4990, True), (10001, False)])
def test_a_schema_of_too_many_values_is_refused(kernel, wasm, count, good):
    schema = json.dumps({"allOf": [{}] * count}, separators=(",", ":"))
    name = f"complex{count}"
    kernel.put(with_schema(wasm, name, schema), name)
    answer = kernel.call("GET", f"/v1/skills/dev/{name}/metadata")
    assert answer.status == (200 if good else 400), answer.text
    assert good or "the input schema is too complex" in answer.text


@pytest.mark.parametrize("size,good", [(65536, True), (65537, False), (1000000, False)])
def test_a_description_of_more_than_64_kib_is_refused(kernel, wasm, size, good):
    """Of control bytes, each of which becomes six in the answer."""
    name = f"described{size}"
    path = wasm.variant(name, ('(memory (export "memory") 2)', '(memory (export "memory") 20)'), ('(import "env" "memory" (memory 2))', '(import "env" "memory" (memory 20))'),
                        (SIZES, f"(i32.store8 (i32.const 96) (i32.const 1)) (i32.store (i32.const 100) (i32.const {AT})) (i32.store (i32.const 104) (i32.const {size}))" + SIZES))
    kernel.put(path, name)
    answer = kernel.call("GET", f"/v1/skills/dev/{name}/metadata")
    assert answer.status == (200 if good else 400), answer.text[:200]
    if good:
        assert answer.json()["description"] == "\0" * size
    else:
        assert f"the description has {size} bytes, more than 65536" in answer.text


def test_what_waits_for_the_check_counts_as_body_memory(start, wasm):
    """700 clients at once: what the skill said of itself waits for one thread, and is more than a gigabyte."""
    kernel = start(env={"BODY_MEMORY": "16Mi"})
    kernel.put(with_schema(wasm, "long", json.dumps({"title": "x" * 1000000})), "long")
    request = b"GET /v1/skills/dev/long/metadata HTTP/1.1\r\nHost: k\r\n\r\n"
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(socket.create_connection(("127.0.0.1", kernel.port), 60)) for _ in range(700)]
        for client in clients:
            client.sendall(request)
        statuses = {read_answer(client.makefile("rb"))[0] for client in clients}
    assert 200 in statuses and statuses <= {200, 503}
    assert kernel.memory()["peak"] < 400 << 10, kernel.memory()
    assert kernel.call("GET", "/v1/skills/dev/long/metadata").status == 200
