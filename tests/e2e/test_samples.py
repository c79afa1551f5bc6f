"""The sample skills: what each answers, and that all answer the same."""
import json
import re

import jsonschema
import pytest

NAMES = ["sample_py", "sample_js", "sample_c", "sample_rs"]
each = pytest.mark.parametrize("name", NAMES)


@each
def test_greets(kernel, name):
    answer = kernel.run(name, {"topic": "Ada Lovelace"})
    assert (answer.status, answer.text) == (200, '"Hello Ada Lovelace"')
    assert answer.headers["Content-Type"] == "application/json"


@each
def test_holds_memory_in_one_chunk(kernel, name):
    assert kernel.run(name, {"topic": "x", "memory": 100}).json() == "Hello x  memory=000100 KB in 1 chunks"


@each
def test_memory_above_300_kb_is_taken_in_chunks_of_100_to_300(kernel, name):
    text = kernel.run(name, {"topic": "x", "memory": 3000}).json()
    chunks = int(re.fullmatch(r"Hello x  memory=003000 KB in (\d+) chunks", text)[1])
    assert 10 <= chunks <= 30


@each
def test_with_chunks_1_it_is_one_piece(kernel, name):
    assert kernel.run(name, {"topic": "x", "memory": 20000, "chunks": 1}).json() == "Hello x  memory=020000 KB in 1 chunks"


@each
def test_waits(kernel, name):
    import time
    start = time.monotonic()
    assert kernel.run(name, {"topic": "x", "wait_time": 200}).json() == "Hello x  time=000200 ms"
    assert time.monotonic() - start >= 0.2


@each
def test_memory_and_wait(kernel, name):
    assert kernel.run(name, {"topic": "x", "memory": 1234567 // 100, "wait_time": 20, "chunks": 3}).json() == \
        "Hello x  memory=012345 KB in 3 chunks time=000020 ms"


@each
@pytest.mark.parametrize("topic", ["", "Zürich", "日本語", "🦀\u0000\"\\\n", "a" * 100000])
def test_topics_of_every_script(kernel, name, topic):
    assert kernel.run(name, {"topic": topic}).json() == f"Hello {topic}"


@each
@pytest.mark.parametrize("body", ['{}', '[]', '"x"', '{"topic":1}', '{"topic":"x","memory":"much"}', '{"topic":"x","memory":-1}',
                                  '{"topic":"x","chunks":0}'])
def test_input_that_does_not_fit_is_400(kernel, name, body):
    answer = kernel.run(name, body)
    assert answer.status == 400
    assert "had trouble interpreting the input" in answer.text and f"dev/{name}" in answer.text


@each
def test_more_memory_than_the_limit_is_the_skills_error_or_a_trap(kernel, name):
    answer = kernel.run(name, {"topic": "x", "memory": 1100 * 1024, "chunks": 1})
    assert answer.status in (400, 503) and f"dev/{name}" in answer.text


@each
def test_metadata_has_schemas(kernel, name):
    found = kernel.call("GET", f"/v1/skills/dev/{name}/metadata").json()
    assert list(found) == ["description", "version", "skill_type", "input_schema", "output_schema"]
    assert found["skill_type"] == "function" and found["version"] in ("0.3", "0.4")
    assert found["description"] == "Greets a topic; holds memory and waits when asked."
    jsonschema.validate({"topic": "x", "memory": 3}, found["input_schema"])
    jsonschema.validate("Hello x", found["output_schema"])
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"topic": 3}, found["input_schema"])


@pytest.mark.parametrize("body", [{"topic": "Ada"}, {"topic": "é€😀"}, {"topic": "x", "memory": 299}, {"topic": "x", "memory": 0, "wait_time": 0},
                                  {"topic": "x", "memory": None, "chunks": None}, {"topic": "x", "unknown": [1, {"a": None}]}])
def test_samples_answer_the_same(kernel, body):
    answers = {name: kernel.run(name, body) for name in NAMES}
    assert {answer.status for answer in answers.values()} == {200}
    assert len({json.dumps(answer.json()) for answer in answers.values()}) == 1, {name: a.text for name, a in answers.items()}


@pytest.mark.parametrize("world,version", [("w02", None), ("w04", "0.4"), ("w05", "0.4")])
def test_c_sample_for_the_other_worlds(kernel, wasm, world, version):
    kernel.put(wasm.sample(f"sample_c_{world}"), world)
    assert kernel.run(world, {"topic": "Ada"}).json() == "Hello Ada"
    metadata = kernel.call("GET", f"/v1/skills/dev/{world}/metadata").json()
    assert metadata["version"] == version and metadata["skill_type"] == "function"
    assert (metadata["input_schema"] is None) == (version is None)
