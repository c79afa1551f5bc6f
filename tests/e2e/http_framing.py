"""Requests as bytes, with what is wrong in them. Also the seeds of the fuzzer (tests/fuzz/seeds.py)."""

RUN = b"/v1/skills/dev/behaviour/run"
POST = b"POST " + RUN + b" HTTP/1.1\r\nHost: k\r\nContent-Type: application/json\r\n"
SMUGGLED = b"DELETE /cached_skills/dev/smuggled HTTP/1.1\r\nHost: k\r\n\r\n"
LENGTH = b"Content-Length: %d\r\n" % len(SMUGGLED)


def get(headers=b"", target=b"/health", version=b"HTTP/1.1", method=b"GET", host=b"Host: k\r\n"):
    return method + b" " + target + b" " + version + b"\r\n" + host + headers + b"\r\n"


def chunked(body):
    return POST + b"Transfer-Encoding: chunked\r\n\r\n" + body


# name: (bytes before the smuggled request, status)
BAD = {
    # lines and names
    "folded length": (POST + b"Content-Length:\r\n 54\r\n\r\n", 400),
    "folded coding": (POST + b"Transfer-Encoding:\r\n chunked\r\n\r\n", 400),
    "folded with a tab": (get(b"X: a\r\n\tb\r\n"), 400),
    "folded first header": (b"GET /health HTTP/1.1\r\n Host: k\r\n\r\n", 400),
    "empty name": (get(b": x\r\n" + LENGTH), 400),
    "line without a colon": (get(b"nothing\r\n" + LENGTH), 400),
    "NUL begins a line": (get(b"\0\r\n" + LENGTH), 400),
    "NUL in a name": (get(b"Content\0-Length: 54\r\n"), 400),
    "NUL cuts a length": (POST + b"Content-Length: 6\x001\r\n\r\n", 400),
    "NUL cuts a coding": (POST + b"Transfer-Encoding: chunked\0x\r\n\r\n", 400),
    "NUL in a value": (get(b"X: a\0b\r\n"), 400),
    "control byte in a value": (get(b"X: a\x01b\r\n"), 400),
    "DEL in a value": (get(b"X: a\x7fb\r\n"), 400),
    "CR in a value": (get(b"X: a\rb\r\n"), 400),
    "CR ends a line": (get(b"X: a\rContent-Length: 54\r\n"), 400),
    "LF ends a line": (get(b"X: a\n" + LENGTH), 400),
    "LF ends the request line": (b"GET /health HTTP/1.1\nHost: k\r\n\r\n", 400),
    "LF ends the head": (b"GET /health HTTP/1.1\r\nHost: k\r\n\n", 400),
    "CR CR LF": (get(b"X: a\r\r\n"), 400),
    "blank before the colon": (get(b"Content-Length : 54\r\n"), 400),
    "tab before the colon": (get(b"Content-Length\t: 54\r\n"), 400),
    "brackets in a name": (get(b"(x): 1\r\n"), 400),
    "byte above 127 in a name": (get(b"\xe4: 1\r\n"), 400),
    # request lines
    "empty method": (b" /health HTTP/1.1\r\nHost: k\r\n\r\n", 400),
    "method of brackets": (get(method=b"G(T"), 400),
    "NUL before the method": (b"\0" + get(), 400),
    "no target": (b"GET HTTP/1.1\r\nHost: k\r\n\r\n", 400),
    "no version": (b"GET /health\r\nHost: k\r\n\r\n", 400),
    "two blanks": (b"GET  /health HTTP/1.1\r\nHost: k\r\n\r\n", 400),
    "blank in the target": (get(target=b"/hea lth"), 400),
    "NUL in the target": (get(target=b"/hea\0lth"), 400),
    "control byte in the target": (get(target=b"/hea\x01lth"), 400),
    "DEL in the target": (get(target=b"/hea\x7flth"), 400),
    "tab before the version": (b"GET /health\tHTTP/1.1\r\nHost: k\r\n\r\n", 400),
    "blank behind the version": (get(version=b"HTTP/1.1 "), 400),
    "too many empty lines": (b"\r\n" * 50 + get(), 400),
    "CR before the request": (b"\r" + get(), 400),
    "CR CR LF before the request": (b"\r\r\n" + get(), 400),
    "lone LFs before the request": (b"\n\n" + get(), 400),
    "HTTP/0.9": (get(version=b"HTTP/0.9"), 505),
    "HTTP/1.2": (get(version=b"HTTP/1.2"), 505),
    "HTTP/2.0": (get(version=b"HTTP/2.0"), 505),
    "preface of HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
    "lower-case version": (get(version=b"http/1.1"), 400),
    "HTTP/1.10": (get(version=b"HTTP/1.10"), 400),
    "HTTP/11": (get(version=b"HTTP/11"), 400),
    "long target": (get(target=b"/" + b"x" * 9000), 414),
    "target without an end": (b"GET /" + b"x" * 20000, 414),
    "large head": (get(b"X: " + b"y" * 20000 + b"\r\n"), 431),
    "large head of many lines": (get(b"X: yyyyyyyyyyyyyyyyyy\r\n" * 1000), 431),
    "101 headers": (get(b"X: y\r\n" * 101), 431),
    # Host
    "no host": (get(host=b""), 400),
    "two hosts": (get(b"Host: k\r\n"), 400),
    "two hosts of HTTP/1.0": (get(b"Host: k\r\n", version=b"HTTP/1.0"), 400),
    "host with a blank": (get(host=b"Host: a b\r\n"), 400),
    "host with a path": (get(host=b"Host: k/x\r\n"), 400),
    "host with a user": (get(host=b"Host: u@k\r\n"), 400),
    "host with two ports": (get(host=b"Host: k:1:2\r\n"), 400),
    "host with a port of letters": (get(host=b"Host: k:8x\r\n"), 400),
    "host with an open bracket": (get(host=b"Host: [::1\r\n"), 400),
    "two hosts in one": (get(host=b"Host: a, b\r\n"), 400),
    # lengths
    **{f"length {value!r}": (POST + b"Content-Length: " + value + b"\r\n\r\n", 400)
       for value in (b"", b"+5", b"-5", b"5,5", b"5, 5", b"0x5", b"5 5", b"5.0", b"5e1", b"five", b"\xb2", b"18446744073709551616", b"99999999999999999999999")},
    "length twice": (POST + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n", 400),
    "equal length twice": (POST + LENGTH * 2 + b"\r\n", 400),
    "length of 0 twice": (get(b"Content-Length: 0\r\nContent-Length: 0\r\n"), 400),
    "length and coding": (POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    "coding and length": (POST + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", 400),
    # codings
    **{f"coding {value!r}": (POST + b"Transfer-Encoding: " + value + b"\r\n\r\n0\r\n\r\n", 400)
       for value in (b"", b"gzip", b"identity", b"gzip, chunked", b"chunked, gzip", b"chunked, chunked", b"chunked,", b"xchunked", b"chunked;q=1", b'"chunked"', b"\x0bchunked")},
    "coding twice": (POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    "coding of HTTP/1.0": (get(b"Transfer-Encoding: chunked\r\n", version=b"HTTP/1.0") + b"0\r\n\r\n", 400),
    "unknown expectation": (POST + b"Expect: 200-ok\r\nContent-Length: 5\r\n\r\n", 417),
    # chunks
    **{f"chunk {body!r}": (chunked(body), 400)
       for body in (b"\r\n", b"x\r\n", b"-1\r\n1\r\n", b"+1\r\n1\r\n", b"0x1\r\n1\r\n", b" 1\r\n1\r\n", b"1 \r\n1\r\n", b"1\n1\r\n", b"1\r1\r\n", b"1\r\r\n1\r\n", b"1,\r\n1\r\n",
                    b"1\r\n12\r\n", b"1\r\n1\n", b"1\r\n1\r\r\n", b"1\r\n1", b"FFFFFFFFFFFFFFFFF\r\n1\r\n", b"10000000000000000\r\n1\r\n", b"0000000000000000001\r\n1\r\n",
                    b"1;\x01\r\n1\r\n", b"1;a\0\r\n1\r\n", b"1;a\n1\r\n", b"1;" + b"x" * 1000 + b"\r\n1\r\n", b"1\0\r\n1\r\n")},
    # trailers
    **{f"trailer {body!r}": (chunked(b"1\r\n1\r\n0\r\n" + body), 400)
       for body in (b"X : 1\r\n\r\n", b": 1\r\n\r\n", b"X\r\n\r\n", b" X: 1\r\n\r\n", b"X: 1\n\r\n", b"X: 1\r\n y\r\n\r\n", b"X: a\0b\r\n\r\n", b"\n", b"X: 1\r\n\n", b"X: " + b"y" * 10000 + b"\r\n\r\n",
                    b"X: yy\r\n" * 2000 + b"\r\n")},
}

GOOD = {
    "empty lines before": b"\r\n\r\n" + get(),
    "empty host": get(host=b"Host:\r\n"),
    "host with a port": get(host=b"Host: example.org:80\r\n"),
    "host of IPv6": get(host=b"Host: [::1]:8081\r\n"),
    "no blank behind the colon": get(host=b"Host:k\r\n"),
    "blanks around a value": get(host=b"Host: \t k \t\r\n"),
    "absolute target": get(target=b"http://k/health"),
    "query": get(target=b"/health?a=/b?c"),
    "unknown headers": get(b"X-Y_z!#$%&'*+.^`|~9: \xe4\"(),\r\n"),
    "empty value": get(b"X:\r\nY: \r\n"),
    "keep-alive of HTTP/1.0": get(b"Connection: Keep-Alive\r\n", version=b"HTTP/1.0"),
    "HTTP/1.0 without a host": get(b"Connection: keep-alive\r\n", version=b"HTTP/1.0", host=b""),
    "100 headers": get(b"X: y\r\n" * 99),
    "8 KiB of target": get(target=b"/health?" + b"x" * 8000),
    "15 KiB of head": get(b"X: " + b"y" * 15000 + b"\r\n"),
    "body that nobody wants": get(b"Content-Length: 5\r\n") + b"GET /",
    "length with zeros": get(b"Content-Length: 0005\r\n") + b"GET /",
    "chunks that nobody wants": get(b"Transfer-Encoding: Chunked\r\n") + b"5;a=\"b;\"\r\nGET /\r\n00\r\nA: b\r\n\r\n",
    "connection of several tokens": get(b"Connection: x, TE ,keep-alive\r\n"),
}
