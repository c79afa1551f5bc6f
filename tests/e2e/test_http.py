"""Every route: statuses, texts, and what HTTP itself asks for. The shared kernel has behaviour, the samples, "grüße 100%", "with.dot"."""
import http.client
import json
import socket
import urllib.parse

import pytest

from e2e_support import read_answer

RUN = "/v1/skills/dev/behaviour/run"
JSON = {"Content-Type": "application/json"}
LIMIT = 50 << 20


def execute(kernel, skill, value="echo", headers=None):
    return kernel.call("POST", "/execute_skill", {"skill": skill, "input": value}, {"Authorization": "Bearer x"} if headers is None else headers)


# ---- routes

@pytest.mark.parametrize("path", ["/health", "/ready", "/healthcheck"])
def test_health_routes_say_ok(kernel, path):
    answer = kernel.call("GET", path)
    assert (answer.status, answer.text) == (200, "ok") and answer.headers["Content-Type"].startswith("text/plain")


@pytest.mark.parametrize("path", ["/v1/skills", "/skills"])
def test_skills_are_listed_sorted(kernel, path):
    answer = kernel.call("GET", path)
    names = answer.json()
    assert answer.status == 200 and answer.headers["Content-Type"] == "application/json"
    assert names == sorted(names, key=str.encode)
    assert {"dev/behaviour", "dev/sample_c", "dev/sample_js", "dev/sample_py", "dev/sample_rs", "dev/grüße 100%", "dev/with.dot"} <= set(names)


def test_list_ignores_its_query(kernel):
    assert kernel.call("GET", "/v1/skills?type=chat").status == 200


def test_run_gives_the_output_as_json(kernel):
    answer = kernel.run("behaviour", '"echo"')
    assert (answer.status, answer.text, answer.headers["Content-Type"]) == (200, '"echo"', "application/json")


def test_run_of_an_unknown_skill(kernel):
    for path in ("/v1/skills/dev/nobody/run", "/v1/skills/other/behaviour/run"):
        answer = kernel.call("POST", path, "1")
        assert answer.status == 400 and "could not find the skill" in answer.text
        assert answer.headers["Content-Type"].startswith("text/plain")
        assert "/".join(path.split("/")[3:5]) in answer.text


@pytest.mark.parametrize("namespace", ["Dev", "a--b", "-a", "a-", "a_b", "%C3%A4", "a" * 65, "a%2Fb", "%20"])
@pytest.mark.parametrize("method,tail", [("POST", "run"), ("GET", "metadata")])
def test_namespace_that_is_no_name(kernel, namespace, method, tail):
    answer = kernel.call(method, f"/v1/skills/{namespace}/behaviour/{tail}", "1" if method == "POST" else None)
    assert answer.status == 400 and "Invalid namespace" in answer.text


@pytest.mark.parametrize("namespace", ["a", "0", "a-b-c", "a" * 64])
def test_namespace_that_nobody_configured(kernel, namespace):
    answer = kernel.call("POST", f"/v1/skills/{namespace}/x/run", "1")
    assert answer.status == 400 and "could not find the skill" in answer.text


def test_user_error_says_what_the_skill_said(kernel):
    answer = kernel.run("behaviour", '"user "')
    assert answer.status == 400 and "responded with an error" in answer.text
    assert answer.text.endswith('\n\n"user "') and "dev/behaviour" in answer.text


def test_invalid_input_says_what_the_skill_said(kernel):
    answer = kernel.run("behaviour", '"v wanted"')
    assert answer.status == 400 and "had trouble interpreting the input" in answer.text and '"v wanted"' in answer.text


def test_output_that_is_no_json(kernel):
    answer = kernel.run("behaviour", '"j"')
    assert answer.status == 500 and "could not interpret" in answer.text


def test_trap_is_503_with_the_cause(kernel):
    answer = kernel.run("behaviour", '"t"')
    assert answer.status == 503 and "in our runtime" in answer.text and "Original error:\n\n" in answer.text
    assert "unreachable" in answer.text and answer.headers["Content-Type"].startswith("text/plain")


def test_metadata_of_a_skill(kernel):
    answer = kernel.call("GET", "/v1/skills/dev/behaviour/metadata")
    assert answer.status == 200
    assert answer.json() == {"description": None, "version": "0.3", "skill_type": "function", "input_schema": {}, "output_schema": {}}


def test_metadata_of_an_unknown_skill(kernel):
    answer = kernel.call("GET", "/v1/skills/dev/nobody/metadata")
    assert answer.status == 400 and "could not find the skill" in answer.text


@pytest.mark.parametrize("schema,good", [('{"type":1}', False), ("[]", False), ('{"a', False), ('"{}"', False), ("true", True),
                                         ('{"type":"object"}', True)])
def test_metadata_schemas_must_be_json_schema(kernel, wasm, schema, good):
    name = "schema" + schema.encode().hex()
    quoted = "".join(f"\\{byte:02x}" for byte in schema.encode())
    sizes = [(f"(i32.store (i32.const {at}) (i32.const 2))", f"(i32.store (i32.const {at}) (i32.const {len(schema)}))") for at in (112, 120)]
    path = wasm.variant(name, ('(data (i32.const 1040) "{}")', f'(data (i32.const 1040) "{quoted}")'), *sizes)
    kernel.put(path, name)
    answer = kernel.call("GET", f"/v1/skills/dev/{name}/metadata")
    assert answer.status == (200 if good else 400), answer.text
    if good:
        assert answer.json()["input_schema"] == json.loads(schema) == answer.json()["output_schema"]
    else:
        assert "responded with an error" in answer.text and f"dev/{name}" in answer.text


def test_cached_skills_and_drop(kernel):
    kernel.run("sample_c", {"topic": "x"})
    assert "dev/sample_c" in kernel.call("GET", "/cached_skills").json()
    gone = kernel.call("DELETE", "/cached_skills/dev/sample_c")
    assert (gone.status, gone.json(), gone.headers["Content-Type"]) == (200, "Skill removed from cache", "application/json")
    assert "dev/sample_c" not in kernel.call("GET", "/cached_skills").json() and "dev/sample_c" in kernel.listed()
    assert kernel.call("DELETE", "/cached_skills/dev/sample_c").json() == "Skill was not present in cache"
    assert kernel.run("sample_c", {"topic": "x"}).json() == "Hello x"


def test_drop_of_one_encoded_segment(kernel):
    kernel.run("sample_c", {"topic": "x"})
    assert kernel.call("DELETE", "/cached_skills/dev%2Fsample_c").json() == "Skill removed from cache"
    answer = kernel.call("DELETE", "/cached_skills/dev%2fnobody")
    assert (answer.status, answer.json()) == (200, "Skill was not present in cache")
    assert kernel.call("DELETE", "/cached_skills/sample_c").status == 400


def test_drop_of_an_invalid_namespace(kernel):
    for path in ("/cached_skills/Dev/x", "/cached_skills/Dev%2Fx"):
        answer = kernel.call("DELETE", path)
        assert answer.status == 400 and "Invalid namespace" in answer.text


def test_drop_while_calls_run(kernel):
    clients = [kernel.begin("behaviour", '"s"') for _ in range(20)]
    assert kernel.call("DELETE", "/cached_skills/dev/behaviour").status == 200
    assert kernel.say("behaviour", "echo").status == 200
    for client in clients:
        assert read_answer(client.makefile("rb"))[0] == 200
        client.close()


# ---- the server of 2024

def test_execute_skill(kernel):
    answer = execute(kernel, "dev/sample_c", {"topic": "Ada"})
    assert (answer.status, answer.json(), answer.headers["Content-Type"]) == (200, "Hello Ada", "application/json")


def test_execute_skill_needs_a_bearer(kernel):
    missing = execute(kernel, "dev/behaviour", headers={})
    assert missing.status == 400 and "missing" in missing.text and missing.headers["Content-Type"].startswith("text/plain")
    assert execute(kernel, "dev/behaviour", headers={"Authorization": "Basic eA=="}).status == 400


def test_execute_skill_takes_what_stands_in_the_body_in_any_order(kernel):
    body = ' { "more" : [ {"skill": 1} ], "input" :\t[1,  2.50] ,"sk\\u0069ll":"dev\\/behaviour"} '
    answer = kernel.call("POST", "/execute_skill", body, {"Authorization": "Bearer x"})
    assert (answer.status, answer.text) == (200, "[1,  2.50]")


@pytest.mark.parametrize("skill,text", [("dev/nobody", "could not find the skill"), ("nobody", "missing namespace"), ("", "empty"), ("  ", "empty"),
                                        ("dev/ ", "empty"), ("Dev/behaviour", "Invalid namespace")])
def test_execute_skill_without_such_a_skill_is_400_and_a_json_string(kernel, skill, text):
    answer = execute(kernel, skill)
    assert answer.status == 400 and isinstance(answer.json(), str) and text in answer.json()


@pytest.mark.parametrize("word,text", [("u", "responded with an error"), ("v", "had trouble interpreting the input"),
                                       ("j", "could not interpret"), ("t", "in our runtime")])
def test_execute_skill_other_failures_are_500_and_a_json_string(kernel, word, text):
    answer = execute(kernel, "dev/behaviour", word)
    assert answer.status == 500 and text in answer.json()


@pytest.mark.parametrize("body", ["{}", "[]", "1", '{"skill":"dev/behaviour"}', '{"input":1}', '{"skill":1,"input":1}', '{"skill":null,"input":1}'])
def test_execute_skill_of_the_wrong_shape_is_422(kernel, body):
    assert kernel.call("POST", "/execute_skill", body, {"Authorization": "Bearer x"}).status == 422


# ---- paths and methods

@pytest.mark.parametrize("path", ["/nothing", "/v1", "/v1/skills/", "/v1/skills/dev", "/v1/skills/dev/behaviour", "/v1/skills/dev/behaviour/run/",
                                  "/v1/skills//behaviour/run", "/v1/skills/dev//run", "//health", "/health/", "/a" * 40])
def test_unknown_path_is_404_with_an_empty_body(kernel, path):
    answer = kernel.call("GET", path)
    assert (answer.status, answer.body) == (404, b"")


@pytest.mark.parametrize("method,path,allowed", [("POST", "/health", {"GET", "HEAD"}), ("DELETE", "/v1/skills", {"GET", "HEAD"}),
                                                 ("GET", RUN, {"POST"}), ("PUT", RUN, {"POST"}), ("POST", "/cached_skills", {"GET", "HEAD"}),
                                                 ("GET", "/execute_skill", {"POST"}), ("GET", "/cached_skills/dev/x", {"DELETE"}),
                                                 ("GET", "/cached_skills/dev%2Fx", {"DELETE"}), ("PATCH", "/skills", {"GET", "HEAD"}),
                                                 ("POST", "/v1/skills/dev/x/metadata", {"GET", "HEAD"})])
def test_wrong_method_is_405_and_says_what_is_allowed(kernel, method, path, allowed):
    answer = kernel.call(method, path)
    assert answer.status == 405 and set(answer.headers["Allow"].split(", ")) == allowed


@pytest.mark.parametrize("path", ["/health", "/ready", "/v1/skills", "/cached_skills", "/v1/skills/dev/behaviour/metadata"])
def test_head_has_the_headers_of_get_and_no_body(kernel, path):
    get = kernel.call("GET", path)
    connection = http.client.HTTPConnection("127.0.0.1", kernel.port, timeout=60)
    for _ in range(2):  # a body after the first would break the second
        connection.request("HEAD", path)
        head = connection.getresponse()
        assert head.status == 200 and head.read() == b""
        assert head.headers["Content-Length"] == get.headers["Content-Length"]
        assert head.headers["Content-Type"] == get.headers["Content-Type"]
    connection.close()


@pytest.mark.parametrize("name", ["grüße 100%", "with.dot"])
def test_names_are_percent_decoded(kernel, name):
    quoted = urllib.parse.quote(name)
    assert kernel.call("POST", f"/v1/skills/dev/{quoted}/run", '"echo"').text == '"echo"'
    assert kernel.call("POST", f"/v1/skills/%64e%76/{quoted}/run", '"echo"').text == '"echo"'
    assert kernel.call("DELETE", f"/cached_skills/dev%2F{quoted}").json() == "Skill removed from cache"


def test_plus_is_no_space_and_a_slash_in_a_name_is_no_separator(kernel):
    for name in ("gr%C3%BC%C3%9Fe+100%25", "a%2Fb", "..%2F..%2Fetc%2Fpasswd", "%2E%2E", "behaviour%00"):
        answer = kernel.call("POST", f"/v1/skills/dev/{name}/run", "1")
        assert answer.status == 400 and "could not find the skill" in answer.text


@pytest.mark.parametrize("name", ["%", "%4", "%zz", "%ff", "a%c3"])
def test_broken_percent_encoding_is_400(kernel, name):
    assert kernel.call("POST", f"/v1/skills/dev/{name}/run", "1").status == 400


# ---- bodies

@pytest.mark.parametrize("body", ["1e400", "0.1", "0.10", "-0", "1E+2", "123456789012345678901234567890", '{"b":1,"a":2,"b":3}', ' [ 1 ,\t2 ]\r\n',
                                  '"\\u00e9\\/\\ud83d\\ude00"', "[1.0,18446744073709551615,-9223372036854775808]", " null", "[]",
                                  "[" * 128 + "]" * 128])
def test_body_reaches_the_skill_and_comes_back_unchanged(kernel, body):
    answer = kernel.run("behaviour", body)
    assert (answer.status, answer.text) == (200, body)


@pytest.mark.parametrize("body", ["", " ", "{", "[1,]", "nul", "01", "1 2", "'a'", "NaN", '"\t"', b'"\xff"', b'"\xed\xa0\x80"', b"\xef\xbb\xbf1", '{"a":1,}',
                                  "[" * 129 + "]" * 129, "1\0"])
def test_body_that_is_no_json_is_400(kernel, body):
    answer = kernel.call("POST", RUN, body, JSON)
    assert answer.status == 400 and answer.headers["Content-Type"].startswith("text/plain") and answer.text


@pytest.mark.parametrize("kind,status", [(None, 415), ("text/plain", 415), ("application/x-www-form-urlencoded", 415), ("application/jsonx", 415),
                                         ("application/json", 200), ("Application/JSON; charset=utf-8", 200), ("application/problem+json", 200)])
def test_content_type_must_be_json(kernel, kind, status):
    connection = http.client.HTTPConnection("127.0.0.1", kernel.port, timeout=60)
    connection.putrequest("POST", RUN)
    if kind:
        connection.putheader("Content-Type", kind)
    connection.putheader("Content-Length", "6")
    connection.endheaders(b'"echo"')
    answer = connection.getresponse()
    assert answer.status == status and (status == 200) == (answer.read() == b'"echo"')
    connection.close()


def test_body_of_the_limit_is_fine(kernel):
    body = b'"e' + b"x" * (LIMIT - 3) + b'"'
    answer = kernel.run("behaviour", body)
    assert answer.status == 200 and answer.body == body


def test_body_beyond_the_limit_is_413(kernel):
    head = f"POST {RUN} HTTP/1.1\r\nHost: k\r\nContent-Type: application/json\r\nContent-Length: {LIMIT + 1}\r\n\r\n".encode()
    [(status, _, text)] = kernel.raw(head)
    assert status == 413 and text
    [(status, _, _)] = kernel.raw(head, b'"e' + b"x" * 100000)
    assert status == 413


def test_chunked_body_beyond_the_limit_is_413(kernel):
    def pieces():
        yield b'"e'
        for _ in range(51):
            yield b"x" * (1 << 20)
    connection = http.client.HTTPConnection("127.0.0.1", kernel.port, timeout=60)
    try:
        connection.request("POST", RUN, pieces(), JSON, encode_chunked=True)
    except (BrokenPipeError, ConnectionResetError):
        pass  # it may answer before all was sent
    assert connection.getresponse().status == 413
    connection.close()


def test_chunked_body(kernel):
    [(status, _, body)] = kernel.raw(f"POST {RUN} HTTP/1.1\r\nHost: k\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n".encode(),
                                     b'3\r\n"ec\r\n', b'3;x=y\r\nho"\r\n', b"0\r\nTrailer: x\r\n\r\n")
    assert (status, body) == (200, b'"echo"')


def test_expect_100_continue(kernel):
    head = f"POST {RUN} HTTP/1.1\r\nHost: k\r\nContent-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: 6\r\n\r\n".encode()
    with socket.create_connection(("127.0.0.1", kernel.port), 60) as client:
        client.sendall(head)
        stream = client.makefile("rb")
        assert stream.readline().split()[1] == b"100" and stream.readline() == b"\r\n"
        client.sendall(b'"echo"')
        assert read_answer(stream)[0::2] == (200, b'"echo"')


# ---- connections

def test_connection_lives_on_after_errors(kernel):
    connection = http.client.HTTPConnection("127.0.0.1", kernel.port, timeout=60)
    connection.connect()
    ours = connection.sock
    wanted = [("GET", "/nothing", None, 404), ("POST", RUN, "{", 400), ("DELETE", "/health", None, 405), ("POST", RUN, '"t"', 503),
              ("POST", RUN, '"u"', 400), ("POST", "/v1/skills/dev/nobody/run", "1", 400), ("POST", "/v1/skills/Dev/x/run", "1", 400),
              ("POST", "/execute_skill", "{}", 400), ("POST", RUN, '"j"', 500), ("POST", RUN, '"echo"', 200)]
    for method, path, body, status in wanted:
        assert kernel.call_on(connection, method, path, body).status == status, path
        assert connection.sock is ours, f"closed after {path}"
    connection.close()


def test_415_does_not_end_the_connection(kernel):
    request = f"POST {RUN} HTTP/1.1\r\nHost: k\r\nContent-Length: 6\r\n\r\n".encode() + b'"echo"'
    answers = kernel.raw(request, request, answers=2)
    assert [answer[0] for answer in answers] == [415, 415]


def test_pipelined_requests_are_answered_in_their_order(kernel):
    def run(body):
        return f"POST {RUN} HTTP/1.1\r\nHost: k\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()
    requests = [run('"slow"'), b"GET /health HTTP/1.1\r\nHost: k\r\n\r\n", run('"echo 2"'), run('"t"'), run('"echo 4"')]
    answers = kernel.raw(b"".join(requests), answers=5)
    assert [answer[0] for answer in answers] == [200, 200, 200, 503, 200]
    assert [answers[i][2] for i in (0, 1, 2, 4)] == [b'"slow"', b"ok", b'"echo 2"', b'"echo 4"']


def test_http_1_0_and_connection_close(kernel):
    with socket.create_connection(("127.0.0.1", kernel.port), 60) as client:
        client.sendall(b"GET /health HTTP/1.0\r\n\r\n")
        data = b""
        while piece := client.recv(1000):
            data += piece
    assert data.split()[1] == b"200" and data.endswith(b"\r\n\r\nok")


def test_request_that_comes_byte_by_byte(kernel):
    text = f"POST {RUN} HTTP/1.1\r\nHost: k\r\nContent-Type: application/json\r\nContent-Length: 6\r\n\r\n\"echo\"".encode()
    [(status, _, body)] = kernel.raw(*[text[i:i + 1] for i in range(len(text))])
    assert (status, body) == (200, b'"echo"')


@pytest.mark.parametrize("junk", [b"\x16\x03\x01\x02\x00\x01\x00", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\0" * 3000, b"A" * 100000,
                                  b"POST " + RUN.encode() + b" HTTP/1.1\r\nHost: k\r\nContent-Type: application/json\r\nContent-Length: -5\r\n\r\n",
                                  b"GET /health HTTP/1.1\r\nHost: k\r\nX: " + b"y" * 200000 + b"\r\n\r\n"])
def test_junk_does_not_hurt(kernel, junk):
    with socket.create_connection(("127.0.0.1", kernel.port), 60) as client:
        try:
            client.sendall(junk)
            client.settimeout(0.3)
            answer = client.recv(10000)
        except OSError:
            answer = b""
    assert not answer.startswith(b"HTTP/1.1 2")


def test_two_lengths_of_one_body_are_400(kernel):
    [(status, _, _)] = kernel.raw(f"POST {RUN} HTTP/1.1\r\nHost: k\r\nContent-Type: application/json\r\nContent-Length: 5\r\n"
                                  f"Content-Length: 6\r\n\r\n123456".encode())
    assert status == 400


def test_length_beside_chunks_is_refused_or_the_last_request_of_its_connection(kernel):
    with socket.create_connection(("127.0.0.1", kernel.port), 60) as client:
        client.sendall(f"POST {RUN} HTTP/1.1\r\nHost: k\r\nContent-Type: application/json\r\nContent-Length: 4\r\n"
                       "Transfer-Encoding: chunked\r\n\r\n1\r\n1\r\n0\r\n\r\nGET /health HTTP/1.1\r\nHost: k\r\n\r\n".encode())
        client.settimeout(30)
        data = b""
        try:
            while piece := client.recv(10000):
                data += piece
        except TimeoutError:
            pass
    assert data.count(b"HTTP/1.1 ") == 1


@pytest.mark.parametrize("header", ["Content-Length : 33", "Content-Length\t: 33", "Transfer-Encoding : chunked", "Content-Length: 1\r\nTransfer-Encoding : chunked",
                                    "Transfer-Encoding: gzip", "Transfer-Encoding: chunked, chunked", "Transfer-Encoding: xchunked", "Transfer-Encoding: identity"])
def test_a_body_whose_end_others_may_see_elsewhere_is_400_and_the_last_of_its_connection(kernel, header):
    with socket.create_connection(("127.0.0.1", kernel.port), 60) as client:
        client.sendall(f"POST {RUN} HTTP/1.1\r\nHost: k\r\nContent-Type: application/json\r\n{header}\r\n\r\n1GET /health HTTP/1.1\r\nHost: k\r\n\r\n".encode())
        data = b""
        while piece := client.recv(10000):
            data += piece
    assert data.count(b"HTTP/1.1 ") == 1 and data.startswith(b"HTTP/1.1 400")


def test_request_without_a_host_is_400(kernel):
    assert kernel.raw(b"GET /health HTTP/1.1\r\n\r\n")[0][0] == 400


@pytest.mark.parametrize("path", ["/v1/skills", "/cached_skills"])
def test_a_header_that_is_no_bearer_is_400(kernel, path):
    assert kernel.call("GET", path, headers={"Authorization": "Basic eA=="}).status == 400
    assert kernel.call("GET", path, headers={"Authorization": "Bearer x"}).status == 200


def test_a_page_of_another_origin_may_ask(kernel):
    answer = kernel.call("OPTIONS", RUN, headers={"Origin": "http://a.example", "Access-Control-Request-Method": "POST",
                                                  "Access-Control-Request-Headers": "content-type"})
    assert answer.status == 200 and answer.headers["Access-Control-Allow-Origin"] == "http://a.example"
    assert answer.headers["Access-Control-Allow-Methods"] == "POST"
