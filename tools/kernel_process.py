"""Start a pharia-kernel for the demo, the bench and the tests: its own folders, a free port on 127.0.0.1, a JSON client."""
import contextlib
import http.client
import json
import os
import pathlib
import random
import signal
import socket
import subprocess
import tempfile
import time


def free_port():
    """Below the ports that the system gives to clients: one of those could be anybody's before the kernel has it."""
    for port in [*random.sample(range(20000, 32768), 100), 0]:
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return probe.getsockname()[1]
    raise RuntimeError("no port is free")


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def text(self):
        return self.body.decode("utf-8", "replace")

    def json(self):
        return json.loads(self.body)


class Kernel:
    """`with Kernel(binary) as kernel:` runs one; folder/skills is its namespace `dev`, the log goes to folder/kernel.log."""

    def __init__(self, binary, folder=None, cache=None, env=None, args=(), start=True, popen=None):
        self.binary = str(pathlib.Path(binary).resolve())
        self.own = tempfile.TemporaryDirectory(prefix="pharia-") if folder is None else None
        self.folder = pathlib.Path(folder or self.own.name)
        self.skills = self.folder / "skills"
        self.skills.mkdir(exist_ok=True)
        self.cache = pathlib.Path(cache or self.folder / "cache")
        self.port = free_port()
        self.env = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "KERNEL_ADDRESS": f"127.0.0.1:{self.port}",
                    "CACHE_DIR": str(self.cache), "NAMESPACE_UPDATE_INTERVAL": "1s", **(env or {})}
        for name in ("ASAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS", "LD_LIBRARY_PATH"):
            if name in os.environ:
                self.env.setdefault(name, os.environ[name])
        self.args = list(args)
        self.popen = popen or {}  # further arguments of subprocess.Popen, such as the user
        self.process = None
        self.connection = None
        if start:
            self.start()

    def start(self, timeout=60):
        self.log_path = self.folder / "kernel.log"
        self.log_file = open(self.log_path, "ab")
        self.process = subprocess.Popen([self.binary, *self.args], cwd=self.folder, env=self.env, stdin=subprocess.DEVNULL,
                                        stdout=self.log_file, stderr=self.log_file, **self.popen)
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise RuntimeError(f"the kernel ended with {self.process.returncode}: {self.log()[-2000:]}")
            try:
                if self.call("GET", "/ready", timeout=5).status == 200:
                    return self
            except OSError:
                pass
            time.sleep(0.02)
        raise RuntimeError(f"the kernel was not ready after {timeout} s: {self.log()[-2000:]}")

    def log(self):
        return self.log_path.read_text(errors="replace")

    def call(self, method, path, body=None, headers=None, timeout=300):
        """One request on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            return self.call_on(connection, method, path, body, headers)
        finally:
            connection.close()

    @staticmethod
    def call_on(connection, method, path, body=None, headers=None):
        if body is not None and not isinstance(body, (bytes, str)):
            body = json.dumps(body)
        if isinstance(body, str):
            body = body.encode()  # http.client would take Latin-1
        wanted = {"Content-Type": "application/json"} if body is not None else {}
        wanted.update(headers or {})
        connection.request(method, path, body, wanted)
        response = connection.getresponse()
        return Answer(response.status, response.headers, response.read())

    def run(self, name, body, timeout=300):
        return self.call("POST", f"/v1/skills/dev/{name}/run", body, timeout=timeout)

    def listed(self):
        return self.call("GET", "/v1/skills").json()

    def wait_listed(self, name, timeout=30):
        end = time.monotonic() + timeout
        while f"dev/{name}" not in self.listed():
            if time.monotonic() > end:
                raise RuntimeError(f"dev/{name} is not listed after {timeout} s")
            time.sleep(0.005)

    def memory(self):
        """KB of the kernel's process: rss, pss, anonymous, peak rss."""
        found = {}
        for file in ("smaps_rollup", "status"):
            for line in open(f"/proc/{self.process.pid}/{file}"):
                key, _, value = line.partition(":")
                found[key] = value.strip().split(" ")[0]
        return {"rss": int(found["Rss"]), "pss": int(found["Pss"]), "anon": int(found["Anonymous"]), "peak": int(found["VmHWM"])}

    def stop(self, sig=signal.SIGTERM, timeout=60):
        if self.process and self.process.poll() is None:
            self.process.send_signal(sig)
            try:
                self.process.wait(timeout)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                raise RuntimeError(f"the kernel did not stop within {timeout} s of signal {sig}")
        if self.process:
            self.log_file.close()
        return self.process.returncode if self.process else None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self.stop()
        finally:
            if self.own:
                self.own.cleanup()
