"""resource-eval run in a folder of its own, and kernels made of a few lines of Python that behave badly in one way."""
import contextlib
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time

import e2e_support as support
from kernel_process import free_port

# A kernel that answers every route with what is expected; a test puts lines of its own behind the functions that it replaces.
FAKE = '''#!%s -IS
import json, os, signal, socket, sys, threading, time
lock, calls, connections = threading.Lock(), 0, []

def ready():
    return 200, "ok"

def listed():
    return 200, json.dumps(["dev/" + name[:-5] for name in os.listdir("skills") if name.endswith(".wasm")])

def cached():
    return listed()

def run(call):  # call: from 1
    return 200, '"ok"'

def drop(path):
    return 200, '"Skill removed from cache"'

def answer(method, path):
    global calls
    if method == "POST":
        with lock:
            calls += 1
            call = calls
        return run(call)
    if method == "DELETE":
        return drop(path)
    return ready() if path == "/ready" else cached() if "cached" in path else listed()

def serve(client):
    stream = client.makefile("rb")
    while line := stream.readline().decode():
        size = 0
        while (header := stream.readline().strip()):
            if header.lower().startswith(b"content-length:"):
                size = int(header.partition(b":")[2])
        stream.read(size)
        method, path, _ = line.split()
        with open("asked", "a") as asked:
            asked.write(method + " " + path + "\\n")
        got = answer(method, path)
        if isinstance(got, bytes):
            client.sendall(got)
        else:
            client.sendall(b"HTTP/1.1 %%d x\\r\\nContent-Length: %%d\\r\\n\\r\\n%%s" %% (got[0], len(got[1].encode()), got[1].encode()))

def accept(listener):
    while True:
        client = listener.accept()[0]
        connections.append(client)
        threading.Thread(target=serve, args=(client,), daemon=True).start()

def stop(*_):
    os._exit(0)

signal.signal(signal.SIGTERM, stop)
listener = socket.socket()

%s

listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
host, _, port = os.environ["KERNEL_ADDRESS"].partition(":")
listener.bind((host, int(port)))
listener.listen(1000)
threading.Thread(target=accept, args=(listener,), daemon=True).start()
while True:
    time.sleep(1000)
'''


def fake(folder, lines=""):
    path = folder / "fake-kernel"
    path.write_text(FAKE % (sys.executable, lines))
    path.chmod(0o755)
    return path


class Done:
    """What a run was: exit code, output, its logs."""

    def __init__(self, code, out, err, logs):
        self.code, self.out, self.err = code, out, err
        self.log = next(iter(sorted(logs.glob("*_run.log*"), reverse=True)), None)
        self.kernel_log = next(iter(sorted(logs.glob("*_pk.log"), reverse=True)), None)

    def __repr__(self):
        return f"exit code {self.code}\n--- stdout\n{self.out}\n--- stderr\n{self.err}"

    @property
    def lines(self):
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    @property
    def head(self):
        return {key: value for line in self.lines[:3] for key, value in line.items() if key not in ("hash", "modified")}

    @property
    def entries(self):
        """Commands by their text, figures as numbers."""
        return {line["cmd"]: {key: int(value) for key, value in line.items() if key != "cmd"} for line in self.lines[3:]}

    @property
    def said(self):
        return self.kernel_log.read_text(errors="replace")

    def good(self):
        assert self.code == 0 and not self.err and self.log.name.endswith("_run.log"), self
        return self

    def failed(self, *texts):
        """It could not go on."""
        assert self.code == 1, self
        assert not self.log or self.log.name.endswith("_run.log_failed"), self
        for text in texts:
            assert text in self.err, self
        return self

    def bad(self, *texts):
        """It went to its end, but something failed; texts are about what."""
        assert self.code == 1 and "failed where nothing may fail" in self.err, self
        assert self.log.name.endswith("_run.log"), self
        for text in texts:
            assert text in self.out, self
        return self


class Eval:
    def __init__(self, program, folder, kernel, samples):
        self.program, self.folder, self.kernel, self.samples = program, folder, kernel, samples
        self.logs, self.skills, self.port = folder / "logs", folder / "eval-run/skills", free_port()
        self.options = []

    def command(self, script, *options, kernel=None, samples=None):
        path = self.folder / "test.cmds"
        path.write_text(script)
        return [self.program, "run", "--address", f"127.0.0.1:{self.port}", "--kernel", kernel or self.kernel,
                "--samples", samples or self.samples, *self.options, *options, path]

    def run(self, script, *options, timeout=120, preexec=None, **places):
        with self.begin(script, *options, preexec=preexec, **places) as process:
            return self.end(process, timeout)

    @contextlib.contextmanager
    def begin(self, script, *options, preexec=None, stdout=subprocess.PIPE, **places):
        def in_child():
            signal.signal(signal.SIGHUP, signal.SIG_DFL)  # it is ignored under nohup, and that is inherited
            if preexec:
                preexec()

        (self.folder / "eval-run/asked").unlink(missing_ok=True)
        process = subprocess.Popen(self.command(script, *options, **places), cwd=self.folder, stdin=subprocess.DEVNULL, stdout=stdout,
                                   stderr=subprocess.PIPE, text=True, preexec_fn=in_child)
        try:
            yield process
        finally:
            process.kill()
            process.wait()

    def end(self, process, timeout=120):
        out, err = process.communicate(timeout=timeout)
        self.nothing_is_left()
        return Done(process.returncode, out, err, self.logs)

    def compare(self, *logs, code=0):
        done = subprocess.run([self.program, "compare", *logs], capture_output=True, text=True, timeout=120, cwd=self.folder)
        assert done.returncode == code, done
        return done.stdout if code == 0 else done.stderr

    def asked(self):
        """What a fake kernel was asked, in order."""
        return (self.folder / "eval-run/asked").read_text().splitlines()

    def wait_said(self, text, count=1):
        """In the log of the kernel's process."""
        def said():
            return sum(path.read_text(errors="replace").count(text) for path in self.logs.glob("*_pk.log"))
        support.wait_until(lambda: said() >= count, what=f"that its log says {text!r} {count} times")

    def wait_asked(self, text, timeout=60):
        end = time.monotonic() + timeout
        path = self.folder / "eval-run/asked"
        while not path.exists() or text not in path.read_text():
            assert time.monotonic() < end, f"the kernel was not asked {text!r} within {timeout} s"
            time.sleep(0.01)

    def processes(self):
        found = []
        for path in pathlib.Path("/proc").glob("[0-9]*/cwd"):
            with contextlib.suppress(OSError):
                if pathlib.Path(os.readlink(path)).is_relative_to(self.folder):
                    found.append(path.parent.name)
        return found

    def nothing_is_left(self):
        end = time.monotonic() + 30  # what was killed may not have been waited for by its new parent yet
        while (left := self.processes()) and time.monotonic() < end:
            time.sleep(0.01)
        assert not left, f"processes {left} are left"
        assert not list(self.folder.glob("eval-run/cache-*")), "a compile cache is left"
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", self.port))
