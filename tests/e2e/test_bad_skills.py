"""Bad files and bad guests: the documented status, a text that names skill and cause, and a kernel that goes on."""
import os
import re
import time

import pytest

from e2e_support import assert_log_form, wait_until

WASM = b"\0asm\x0d\0\x01\0"


# ---- files that are no skill

def contents(wasm, case):
    good = wasm.behaviour.read_bytes()
    if case == "truncated to nine tenths":
        return good[:len(good) * 9 // 10]
    if case == "truncated to its half":
        return good[:len(good) // 2]
    if case == "one byte short":
        return good[:-1]
    return {
        "empty": b"", "text": b"hello, I am no skill\n" * 100, "zeros": bytes(10000), "garbage": os.urandom(100000), "header only": WASM,
        "core module header": b"\0asm\1\0\0\0", "garbage behind a header": WASM + os.urandom(5000), "huge section": WASM + b"\x01\xff\xff\xff\xff\x0f",
        "elf": b"\x7fELF" + bytes(100), "unknown layer": b"\0asm\x0d\0\x02\0", "unknown version": b"\0asm\x77\0\x01\0",
    }[case]


CASES = {"empty": "", "text": "not a WebAssembly component", "zeros": "not a WebAssembly component", "garbage": "not a WebAssembly component",
         "elf": "not a WebAssembly component", "header only": "unsupported world", "core module header": "core module", "garbage behind a header": "",
         "huge section": "", "unknown layer": "", "unknown version": "", "truncated to nine tenths": "offset", "truncated to its half": "offset",
         "one byte short": "offset"}


def refused(kernel, name, *parts):
    for method, tail in (("POST", "run"), ("GET", "metadata"), ("POST", "run")):
        answer = kernel.call(method, f"/v1/skills/dev/{name}/{tail}", "1" if method == "POST" else None)
        assert answer.status == 503, answer.text
        assert answer.text.startswith("Error loading skill") and answer.text.count("Error loading skill") == 1
        assert f"dev/{name}" in answer.text and answer.headers["Content-Type"].startswith("text/plain")
        for part in parts:
            assert part in answer.text, answer.text
    assert f"dev/{name}" in kernel.listed() and f"dev/{name}" not in kernel.call("GET", "/cached_skills").json()
    return answer.text


@pytest.mark.parametrize("case", CASES)
def test_file_that_is_no_component(kernel, wasm, tmp_path, case):
    path = tmp_path / "bad"
    path.write_bytes(contents(wasm, case))
    name = "no-" + case.replace(" ", "-")
    kernel.put(path, name)
    text = refused(kernel, name, CASES[case])
    assert len(text.rpartition('": ')[2]) > 10, text


def test_whole_core_module(kernel, wasm, tmp_path):
    path = wasm.build("core", '(module (memory (export "memory") 1) (func (export "run")))')
    kernel.put(path, "core")
    refused(kernel, "core", "not a component, but a core module")


def test_a_bad_file_that_is_mended_runs(kernel, wasm, tmp_path):
    path = tmp_path / "bad"
    path.write_bytes(b"broken")
    kernel.put(path, "mended")
    refused(kernel, "mended")
    kernel.put_at_once(wasm.behaviour, "mended")
    wait_until(lambda: kernel.say("mended", "echo").status == 200)
    assert kernel.call("POST", "/execute_skill", {"skill": "dev/no-empty", "input": 1}, {"Authorization": "Bearer x"}).status in (400, 500)


def test_load_error_of_the_2024_route_is_500(kernel, tmp_path):
    path = tmp_path / "bad"
    path.write_bytes(b"broken")
    kernel.put(path, "broken")
    answer = kernel.call("POST", "/execute_skill", {"skill": "dev/broken", "input": 1}, {"Authorization": "Bearer x"})
    assert answer.status == 500 and "Error loading skill" in answer.json()


# ---- worlds

HANDLER = "pharia:skill/skill-handler@0.3.11"


@pytest.mark.parametrize("version", ["0.3.12", "0.2.11", "0.4.1", "0.5.1", "0.6.0", "1.0.0", "0.9.9"])
def test_world_that_is_too_new(kernel, wasm, version):
    name = f"new-{version.replace('.', '-')}"
    kernel.put(wasm.variant(name, (HANDLER, f"pharia:skill/skill-handler@{version}")), name)
    refused(kernel, name, "not supported yet", f"@{version}")


@pytest.mark.parametrize("version", ["0.1.0", "0.1.9", "0.0.1"])
def test_world_that_is_too_old(kernel, wasm, version):
    name = f"old-{version.replace('.', '-')}"
    kernel.put(wasm.variant(name, (HANDLER, f"pharia:skill/skill-handler@{version}")), name)
    refused(kernel, name, "no longer supported", f"@{version}")


@pytest.mark.parametrize("export", ["other:package/skill-handler@0.3.11", "pharia:skill/handler@0.3.11", "wasi:cli/run@0.2.0", "pharia:skill/skill-handler"])
def test_unknown_world(kernel, wasm, export):
    name = "world-" + "".join(c if c.isalnum() else "-" for c in export)
    kernel.put(wasm.variant(name, (HANDLER, export)), name)
    refused(kernel, name, "unsupported world")


@pytest.mark.parametrize("version", ["0.2.0", "0.2.10", "0.3.0", "0.3.11", "0.4.0", "0.5.0"])
def test_every_version_of_the_worlds_runs(kernel, wasm, version):
    name = f"good-{version.replace('.', '-')}"
    kernel.put(wasm.variant(name, (HANDLER, f"pharia:skill/skill-handler@{version}")), name)
    assert kernel.say(name, "echo").text == '"echo"'


# ---- imports and exports

def test_import_that_does_not_exist(kernel, wasm):
    for what, changes in {"function": [('"select-language"', '"select-nothing"')],
                          "interface": [("pharia:skill/language@0.3.11", "pharia:skill/languages@0.3.11")],
                          "package": [("pharia:skill/language@0.3.11", "other:package/language@0.3.11")]}.items():
        kernel.put(wasm.variant(f"missing-{what}", *changes), f"missing-{what}")
        refused(kernel, f"missing-{what}", changes[0][1].strip('"').split("@")[0])


def test_import_of_another_type(kernel, wasm):
    kernel.put(wasm.variant("import-type", ('(param "when" u64) (result (own $p))', '(param "when" s64) (result (own $p))')), "import-type")
    refused(kernel, "import-type", "subscribe-duration")


def test_export_of_another_type(kernel, wasm):
    kernel.put(wasm.variant("export-type", ('(param "input" (list u8))', '(param "input" string)')), "export-type")
    refused(kernel, "export-type", "run", "string")


def test_export_without_run(kernel, wasm):
    kernel.put(wasm.variant("no-run", ('(export "run" (func $run) (func', '(export "ran" (func $run) (func')), "no-run")
    refused(kernel, "no-run", "run")


def test_streaming_skill_through_run_is_400_and_points_to_its_route(kernel, wasm):
    kernel.put(wasm.wat("stream"), "stream")
    answer = kernel.run("stream", "1")
    assert answer.status == 400 and "/message-stream" in answer.text and "dev/stream" in answer.text
    assert kernel.call("GET", "/v1/skills/dev/stream/metadata").json() == {
        "description": None, "version": None, "skill_type": "function", "input_schema": None, "output_schema": None}


def test_import_of_wasi_http_is_taken_and_has_no_backend(kernel, wasm):
    http = [("(import \"pharia:skill/language@0.3.11\" (instance $language\n"
             "    (type $r (record (field \"text\" string) (field \"languages\" (list string))))\n"
             "    (export \"select-language-request\" (type $request (eq $r)))\n"
             "    (export \"select-language\" (func (param \"request\" (list $request)) (result (list (option string)))))))",
             "(import \"wasi:http/types@0.2.3\" (instance $language\n"
             "    (export \"fields\" (type $f (sub resource)))\n"
             "    (export \"[constructor]fields\" (func (result (own $f))))))"),
            ('(canon lower (func $language "select-language") (memory (core memory $libc "memory")) (realloc (core func $libc "realloc")))',
             '(canon lower (func $language "[constructor]fields"))'),
            ("(func $language (param i32 i32 i32))", "(func $language (result i32))"),
            ("(call $language (i32.const 0) (i32.const 0) (i32.const 32))", "(drop (call $language))")]
    kernel.put(wasm.variant("http", *http), "http")
    assert kernel.say("http", "echo").text == '"echo"'
    answer = kernel.say("http", "backend")
    assert answer.status == 503 and "no backend" in answer.text and "wasi:http/types" in answer.text


def test_javascript_with_every_feature_imports_wasi_http_and_runs(kernel, wasm):
    kernel.put(wasm.sample("sample_js_all"), "sample_js_all")
    assert kernel.run("sample_js_all", {"topic": "Ada"}).json() == "Hello Ada"


def test_import_without_a_backend_ends_the_call_with_a_text(kernel):
    answer = kernel.say("behaviour", "backend")
    assert answer.status == 503 and "no backend" in answer.text and "select-language" in answer.text and "dev/behaviour" in answer.text


# ---- guests

@pytest.mark.parametrize("word,parts", [("t", ["unreachable"]), ("r", ["stack"]), ("p", ["memory"]), ("q", ["UTF-8"]), ("h", ["handle"])])
def test_guest_that_fails(kernel, word, parts):
    for _ in range(3):
        answer = kernel.say("behaviour", word)
        assert answer.status == 503 and "dev/behaviour" in answer.text and "Original error:" in answer.text
        assert any(part.lower() in answer.text.partition("Original error:")[2].lower() for part in parts), answer.text
    assert kernel.say("behaviour", "echo").text == '"echo"'


@pytest.fixture
def impatient(start, wasm):
    kernel = start(env={"INVOCATION_TIMEOUT": "2s"})
    kernel.put(wasm.behaviour, "behaviour")
    return kernel


def test_endless_loop_is_ended_by_the_time_limit(impatient):
    begin = time.monotonic()
    answers = impatient.many(4, lambda i: impatient.say("behaviour", "loop"))
    assert {answer.status for answer in answers} == {503} and "INVOCATION_TIMEOUT" in answers[0].text
    assert 1.9 < time.monotonic() - begin < 30


def test_endless_sleep_is_ended_by_the_time_limit(impatient):
    answer = impatient.say("behaviour", "Sleep")
    assert answer.status == 503 and "INVOCATION_TIMEOUT" in answer.text
    assert answer.headers["Retry-After"] is None  # it would take as long again


def test_memory_that_grows_without_end_sees_a_failed_grow(kernel):
    assert kernel.say("behaviour", "grow").text == '"grow"'
    assert kernel.memory()["rss"] < 1500 << 10
    assert kernel.say("behaviour", "G").text == "0"  # 4 GiB at once


def test_handles_and_pollables_without_end_are_the_guests_trap(start, wasm):
    kernel = start(env={"EXECUTORS": "1"})
    kernel.put(wasm.wat("printer"), "handles")
    kernel.put(wasm.variant("pollables", ("(call $block (local.get $handle))", "(loop (drop (call $subscribe (local.get $time))) (br 0))")), "pollables")
    for name, word, text in (("handles", "h", "more than 65536 handles"), ("pollables", "s", "more than 1024 pollables")):
        for _ in range(20):
            answer = kernel.say(name, word)
            assert answer.status == 503 and text in answer.text and f"dev/{name}" in answer.text, answer.text
            assert kernel.say(name, "echo").text == '"echo"'


def test_half_a_gigabyte_filled_is_given_back(start, wasm):
    kernel = start()
    kernel.put(wasm.behaviour, "skill")
    kernel.say("skill", "echo")
    before = kernel.memory()["rss"]
    assert kernel.say("skill", "k").status == 200
    wait_until(lambda: kernel.memory()["rss"] <= before + (64 << 10), what="that the memory is given back")


def test_memory_limit_is_a_setting(start, wasm):
    kernel = start(env={"INVOCATION_MEMORY": "16Mi"})
    kernel.put(wasm.sample("sample_c"), "sample_c")
    assert kernel.run("sample_c", {"topic": "x", "memory": 8000, "chunks": 1}).status == 200
    answer = kernel.run("sample_c", {"topic": "x", "memory": 20000, "chunks": 1})
    assert answer.status in (400, 503) and "dev/sample_c" in answer.text


def test_output_without_a_json_is_500_and_names_the_place(kernel):
    answer = kernel.say("behaviour", "j")
    assert answer.status == 500 and "byte" in answer.text and "dev/behaviour" in answer.text


@pytest.mark.parametrize("word", ["u", "ux", "uxx", "v"])
def test_a_skills_long_error_is_cut_between_two_characters(kernel, word):
    answer = kernel.say("behaviour", word + "€" * 50000)
    assert answer.status == 400 and answer.text.count("€") == ((64 << 10) - len(word) - 1) // 3 and "�" not in answer.text


# ---- printing

def printed(kernel, name):
    return [line for line in kernel.log().splitlines() if f"dev/{name}" in line and "stdout" in line]


@pytest.mark.parametrize("limit", [20_000, 200_000])
@pytest.mark.parametrize("word", ["gigabyte", "Gigabyte of short lines"])
def test_gigabytes_are_cut_in_the_log(start, wasm, word, limit):
    kernel = start(env={"GUEST_LOG_LIMIT": str(limit), "INVOCATION_TIMEOUT": "60s"})
    kernel.put(wasm.wat("printer"), "printer")
    kernel.say("printer", "echo")
    size = len(kernel.log())
    assert kernel.say("printer", word).status == 200
    kernel.wait_log("output cut after")
    cut = int(re.search(r"output cut after (\d+) bytes", kernel.log())[1])
    assert limit // 30 <= cut <= limit  # a line costs some bytes of its own
    assert len(kernel.log()) - size < 1000 + 4 * limit
    assert_log_form(kernel.log())
    assert kernel.say("printer", "after").status == 200
    kernel.wait_log("after")


def test_what_a_guest_prints_is_escaped_and_marked(start, wasm):
    kernel = start()
    kernel.put(wasm.wat("printer"), "printer")
    assert kernel.say("printer", "v").status == 200
    kernel.wait_log("end")
    log = kernel.log()
    assert_log_form(log)
    assert not any(char in log for char in "\x1b\r\x00\x01\x7f\x85\u2028")
    forged = [line for line in log.splitlines() if "forged" in line]
    assert len(forged) == 1 and "dev/printer" in forged[0] and not forged[0].startswith("2026-01-01")
    assert "\\x1b[31m" in log and "\\xff\\xfe" in log


def test_printed_lines_are_lines_of_the_log(start, wasm):
    kernel = start()
    kernel.put(wasm.wat("printer"), "printer")
    assert kernel.run("printer", '["line one",\n"line two",\n\n"grüße"]').status == 200
    kernel.wait_log("grüße")
    assert len(printed(kernel, "printer")) == 3
    assert_log_form(kernel.log())


def test_name_of_a_skill_cannot_forge_a_log_line(start, wasm):
    kernel = start()
    name = "a\n2026-01-01T00:00:00.000Z ERROR kernel: forged\x1b[0m"
    kernel.put(wasm.behaviour, name)
    assert kernel.call("POST", "/v1/skills/dev/" + name.replace("\n", "%0A").replace("\x1b", "%1B").replace(" ", "%20").replace("[", "%5B") + "/run",
                       '"t"').status == 503
    kernel.call("POST", "/v1/skills/dev/x%0AERROR%20forged/run", "1")
    time.sleep(0.3)
    assert_log_form(kernel.log())
    assert not any(line.startswith("2026-01-01") for line in kernel.log().splitlines()) and "\x1b" not in kernel.log()


def test_large_results_are_taken_in_pieces(start, wasm):
    """Each piece is checked as the whole would be."""
    kernel = start()
    kernel.put(wasm.wat("hostwork"), "hostwork")
    assert kernel.say("hostwork", "rand").text == '"rand"'
    answer = kernel.say("hostwork", "J")
    assert answer.status == 200 and len(answer.text) == 62914561 and answer.text.endswith(",[]]")
    answer = kernel.say("hostwork", "j")
    assert answer.status == 500 and "at byte 62914561 of its 62914561 bytes" in answer.text
    answer = kernel.say("hostwork", "s")
    assert answer.status == 400 and 1 << 16 < len(answer.text) < 1 << 17
    answer = kernel.say("hostwork", "u")
    assert answer.status == 503 and "a string is not UTF-8" in answer.text
    assert kernel.say("hostwork", "echo").text == '"echo"'
