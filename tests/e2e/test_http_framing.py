"""Bytes that break the framing of HTTP/1.1 (RFC 9112): one answer, then the end of the connection; nothing behind them is taken for a request."""
import socket

import pytest

from http_framing import BAD, GOOD, SMUGGLED, chunked, get

def exchange(kernel, *pieces):
    """All that comes until the kernel closes the connection; it does so while our side is open."""
    with socket.create_connection(("127.0.0.1", kernel.port), 60) as client:
        data = b""
        try:
            for piece in pieces:
                client.sendall(piece)
        except (BrokenPipeError, ConnectionResetError):
            pass
        while piece := client.recv(65536):
            data += piece
    return data


def assert_refused(data, status):
    assert data.startswith(b"HTTP/1.1 %d " % status), data
    assert data.count(b"HTTP/1.1 ") == 1 and b"\r\nConnection: close\r\n" in data
    assert b"cache" not in data


@pytest.mark.parametrize("name", BAD)
def test_bad_framing_is_answered_once_and_the_last_of_its_connection(kernel, name):
    data, status = BAD[name]
    assert_refused(exchange(kernel, data + SMUGGLED), status)
    if not name.startswith("target without"):
        assert_refused(exchange(kernel, get() + data + SMUGGLED).partition(b"\r\n\r\nok")[2], status)


@pytest.mark.parametrize("name", ["folded length", "NUL cuts a length", "two hosts", "chunk b'1\\r\\n12\\r\\n'", "trailer b'X : 1\\r\\n\\r\\n'", "LF ends a line", "HTTP/2.0"])
def test_bad_framing_byte_by_byte(kernel, name):
    data, status = BAD[name]
    data += SMUGGLED
    assert_refused(exchange(kernel, *[data[i:i + 1] for i in range(len(data))]), status)


@pytest.mark.parametrize("name", GOOD)
def test_good_framing_goes_on(kernel, name):
    answers = kernel.raw(GOOD[name] * 2 + get(target=b"/nothing"), answers=3)
    assert [answer[0] for answer in answers] == [200, 200, 404]


@pytest.mark.parametrize("headers,version", [(b"Connection: close\r\n", b"HTTP/1.1"), (b"Connection: x, Close\r\n", b"HTTP/1.1"), (b"Connection: keep-alive\r\nConnection: close\r\n", b"HTTP/1.1"),
                                             (b"", b"HTTP/1.0"), (b"Connection: close, keep-alive\r\n", b"HTTP/1.0")])
def test_who_wants_the_end_of_the_connection_gets_it(kernel, headers, version):
    data = exchange(kernel, get(headers, version=version) + SMUGGLED)
    assert data.count(b"HTTP/1.1 ") == 1 and b"\r\nConnection: close\r\n" in data and data.endswith(b"\r\n\r\nok")


def test_chunks_with_extensions_and_trailers_are_one_body(kernel):
    [(status, _, body)] = kernel.raw(chunked(b'3 ;x="y;z" ; a\r\n"ec\r\n03\r\nho"\r\n0;last\r\nA: b\r\nC:\r\n\r\n'))
    assert (status, body) == (200, b'"echo"')


def test_answers_have_a_date_and_a_length(kernel):
    [(_, headers, _)] = kernel.raw(get(target=b"/nothing"))
    assert headers["date"].endswith(" GMT") and headers["content-length"] == "0"
