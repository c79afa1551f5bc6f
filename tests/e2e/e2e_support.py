"""Skills made for tests, and a kernel with the calls that tests need."""
import concurrent.futures
import contextlib
import os
import pathlib
import re
import select
import shutil
import signal
import socket
import subprocess
import time

import pytest

from kernel_process import Kernel, free_port  # noqa: F401

ROOT = pathlib.Path(__file__).resolve().parents[2]
WAT = pathlib.Path(__file__).resolve().parent / "wat"
DEV_CACHE = pathlib.Path(os.environ.get("PHARIA_DEV_CACHE") or
                         pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "pharia-kernel-dev")
LOG_LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (ERROR|WARN|INFO|DEBUG|TRACE) [a-z]+: .")


# ---- skills

def tool():
    return shutil.which("wasm-tools") or DEV_CACHE / "venv-tools/bin/wasm-tools"


class Skills:
    """Components by name; what is made is kept in the session's folder."""

    def __init__(self, folder):
        self.folder = folder
        self.behaviour_text = (ROOT / "tests/skills/behaviour.wat").read_text()
        self.behaviour = self.build("behaviour", self.behaviour_text)

    def build(self, name, text):
        path = self.folder / f"{name}.wasm"
        if not path.exists():
            (self.folder / f"{name}.wat").write_text(text)
            done = subprocess.run([tool(), "parse", self.folder / f"{name}.wat", "-o", path], capture_output=True, text=True)
            assert done.returncode == 0, done.stderr
        return path

    def wat(self, name):
        """wat/NAME.wat"""
        return self.build(name, (WAT / f"{name}.wat").read_text())

    def variant(self, name, *changes):
        """behaviour.wat with texts replaced; each must be there."""
        text = self.behaviour_text
        for old, new in changes:
            assert old in text, f"behaviour.wat has no {old!r} any more"
            text = text.replace(old, new)
        return self.build(name, text)

    def sample(self, name):
        path = DEV_CACHE / f"skills/out/{name}.wasm"
        assert path.exists(), f"{path} is missing: make skills"
        return path

    def patched(self, name, old, new, copy):
        """A sample with the bytes `old` replaced in its data: other image, same code."""
        path = self.folder / f"{name}-{copy}.wasm"
        data = self.sample(name).read_bytes()
        assert len(old) == len(new) and data.count(old) == 1
        path.write_bytes(data.replace(old, new))
        return path


# ---- the kernel

def command(binary, *args, folder=None, env=None):
    """One run of the program to its end: exit code, stdout, stderr."""
    done = subprocess.run([binary, *map(str, args)], cwd=folder, env={"HOME": "/nonexistent", **(env or {})}, capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout, done.stderr


class TestKernel(Kernel):
    __test__ = False

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.port = int(self.env["KERNEL_ADDRESS"].rpartition(":")[2])  # a test may have chosen it

    def put(self, path, name, wait=True, folder=None):
        """Deploy by a copy, as users do."""
        shutil.copyfile(path, (folder or self.skills) / f"{name}.wasm")
        if wait:
            self.wait_listed(name)

    def put_at_once(self, path, name):
        """Deploy by rename: whole from its first moment."""
        hidden = self.skills / f".{name}.new"
        shutil.copyfile(path, hidden)
        hidden.rename(self.skills / f"{name}.wasm")

    def say(self, name, word, timeout=300):
        """The behaviour that the word's first letter chooses."""
        return self.run(name, f'"{word}"', timeout)

    def many(self, count, call, workers=None):
        with concurrent.futures.ThreadPoolExecutor(workers or count) as pool:
            return list(pool.map(call, range(count)))

    def begin(self, name, body):
        """A run whose answer nobody reads yet; the socket."""
        client = socket.create_connection(("127.0.0.1", self.port), 60)
        client.sendall(f"POST /v1/skills/dev/{name}/run HTTP/1.1\r\nHost: k\r\nContent-Type: application/json\r\n"
                       f"Content-Length: {len(body)}\r\n\r\n{body}".encode())
        return client

    def begin_running(self, name, body, count):
        """So many calls, and all have begun: MAX_INVOCATIONS is `count`, and two more were refused. They must last for seconds."""
        clients, refused = [self.begin(name, body) for _ in range(count + 2)], []

        def are_full():
            refused[:] = select.select(clients, [], [], 0)[0]
            return len(refused) >= 2
        wait_until(are_full, what="that two calls are refused")
        for client in refused:
            with client:
                assert read_answer(client.makefile("rb"))[0] == 503
        return [client for client in clients if client not in refused]

    def raw(self, *pieces, answers=1, timeout=60):
        """Bytes as they are; list of (status, headers, body)."""
        with socket.create_connection(("127.0.0.1", self.port), timeout) as client:
            for piece in pieces:
                client.sendall(piece)
            stream = client.makefile("rb")
            return [read_answer(stream) for _ in range(answers)]

    def cpu(self):
        """Seconds of processor time that the kernel has used."""
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def wait_log(self, text, timeout=60, count=1):
        """A thread of its own writes the log: a line may come after the answer."""
        end = time.monotonic() + timeout
        while self.log().count(text) < count:
            assert time.monotonic() < end, f"the log has no {text!r} after {timeout} s:\n{self.log()[-3000:]}"
            time.sleep(0.02)

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.killed = True

    def end(self):
        """Stop; the kernel must end by itself and well, and its log must have kept its form."""
        if not self.process or getattr(self, "killed", False):
            return
        assert self.process.poll() in (None, 0), f"the kernel ended with {self.process.returncode}: {self.log()[-3000:]}"
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.send_signal(signal.SIGINT)  # the second cancels what tests left running
        code = self.stop()
        assert code == 0, f"the kernel ended with {code}: {self.log()[-3000:]}"
        assert_log_form(self.log())


def assert_log_form(log):
    for line in log.splitlines():
        assert LOG_LINE.match(line), f"a log line without its form: {line!r}"


def read_answer(stream, head=False):
    """The next answer; interim ones before it are passed over, as every client must."""
    status = 100
    while status == 100:
        status = int(stream.readline().split()[1])
        headers = {}
        while (line := stream.readline().strip()):
            name, _, value = line.decode().partition(":")
            headers[name.lower()] = value.strip()
    body = b"" if head else stream.read(int(headers.get("content-length", 0)))
    return status, headers, body


def wait_until(condition, timeout=60, what="it"):
    end = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < end, f"{what} did not happen within {timeout} s"
        time.sleep(0.01)


def children(pid):
    with contextlib.suppress(FileNotFoundError):
        return [int(child) for task in pathlib.Path(f"/proc/{pid}/task").iterdir() for child in (task / "children").read_text().split()]
    return []


# ---- control groups

def make_memory_group(size):
    """The folder of a new control group that may have `size` bytes; skips the test where the system does not let us make one."""
    root = pathlib.Path("/sys/fs/cgroup")
    second = (root / "cgroup.controllers").exists()
    group = (root if second else root / "memory") / f"pharia-test-{os.getpid()}-{time.monotonic_ns()}"
    try:
        group.mkdir()
        (group / ("memory.max" if second else "memory.limit_in_bytes")).write_text(str(size))
    except OSError as error:
        remove_group(group)
        pytest.skip(f"no control group of memory can be made here: {error}")
    return group


def remove_group(group):
    """True when it is gone; it stays while a process is in it."""
    with contextlib.suppress(OSError):
        group.rmdir()
    return not group.exists()


def in_group(binary, group, folder):
    """A program that enters the group and becomes `binary`."""
    path = folder / "in-group"
    path.write_text(f'#!/bin/sh\necho $$ > "{group}/cgroup.procs" && exec "{binary}" "$@"\n')
    path.chmod(0o755)
    return path


def files(cache, suffix):
    return sorted(path.name for path in pathlib.Path(cache).glob(f"*{suffix}"))
