"""The installed kernel: any user runs it, without HOME, without an environment, and wherever it was installed."""
import json
import os
import pathlib
import pwd
import shutil
import stat
import subprocess
import tempfile

import pytest

import e2e_support as support

NOBODY = {"user": "nobody", "group": pwd.getpwnam("nobody").pw_gid, "extra_groups": []}
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can run it as another user")


def make_install(destdir, prefix):
    subprocess.run([support.ROOT / "tools/install.sh"], env={**os.environ, "PREFIX": prefix, "DESTDIR": str(destdir)}, check=True, timeout=300,
                   stdout=subprocess.DEVNULL)
    return pathlib.Path(f"{destdir}{prefix}")


@pytest.fixture(scope="module")
def open_folder():
    """Others can enter it, unlike pytest's."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="pharia-install-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def installed(open_folder):
    """Installed, and then moved: nothing knows where it was built or installed."""
    placed = make_install(open_folder / "package", "/opt/kernel")
    return pathlib.Path(shutil.move(placed, open_folder / "moved"))


def test_everything_is_there_and_for_everybody(installed):
    for name in ("bin/pharia-kernel", "bin/resource-eval", "lib/pharia-kernel/libwasmtime.so"):
        assert stat.S_IMODE((installed / name).stat().st_mode) == 0o755
    documents = installed / "share/doc/pharia-kernel"
    for path in [installed, *installed.rglob("*")]:
        wanted = 0o005 if path.is_dir() else 0o004
        assert path.stat().st_mode & wanted == wanted, path
    assert "Apache License" in (documents / "LICENSE").read_text()
    assert "LLVM" in "".join(path.read_text() for path in (documents / "licences/wasmtime").iterdir())
    crates = [line.split(":")[0] for line in (documents / "licences/crates.txt").read_text().splitlines()[2:]]
    assert {name.rpartition("-")[0] for name in crates} >= {"toml", "serde_json", "jsonschema"}
    assert list((documents / "licences/crates").glob("serde_json-*/LICENSE*"))


class User(support.TestKernel):
    """The installed kernel as nobody, with this environment only."""

    def __init__(self, installed, folder, env, args=()):
        super().__init__(installed / "bin/pharia-kernel", folder=folder, start=False, popen=NOBODY)
        self.env = env
        self.args = ["--kernel-address", f"127.0.0.1:{self.port}", *args]
        self.skills.chmod(0o755)


def check_answers(kernel):
    kernel.put(support.DEV_CACHE / "skills/out/sample_c.wasm", "skill", wait=False)
    (kernel.skills / "skill.wasm").chmod(0o644)
    kernel.start()
    try:
        assert kernel.run("skill", {"topic": "Ada"}).status == 200  # compiled by a child
        maps = pathlib.Path(f"/proc/{kernel.process.pid}/maps").read_text()
        found = {line.split()[-1] for line in maps.splitlines() if "libwasmtime" in line}
        assert found == {str(pathlib.Path(kernel.binary).parent.parent / "lib/pharia-kernel/libwasmtime.so")}
        assert pathlib.Path(f"/proc/{kernel.process.pid}").stat().st_uid == pwd.getpwnam("nobody").pw_uid
    finally:
        kernel.end()


@as_root
def test_another_user_runs_it_without_any_environment(installed, open_folder):
    cache, folder = open_folder / "cache", open_folder / "bare"
    for path in (cache, folder):
        path.mkdir()
    cache.chmod(0o700)
    shutil.chown(cache, "nobody")
    check_answers(User(installed, folder, {}, ["--cache-dir", str(cache / "c")]))
    assert support.files(cache / "c", ".code")


@as_root
def test_without_home_the_cache_is_a_private_directory_that_is_told(installed, open_folder):
    tmp, folder = open_folder / "tmp", open_folder / "homeless"
    for path in (tmp, folder):
        path.mkdir()
    tmp.chmod(0o1777)
    kernel = User(installed, folder, {"TMPDIR": str(tmp)})
    cache = tmp / f"pharia-kernel-{pwd.getpwnam('nobody').pw_uid}"
    check_answers(kernel)
    assert stat.S_IMODE(cache.stat().st_mode) == 0o700 and cache.owner() == "nobody" and support.files(cache, ".code")
    assert f"compiled skills are kept in {cache}" in kernel.log() and "set CACHE_DIR" in kernel.log()


@as_root
def test_a_temporary_cache_that_is_anothers_is_refused(installed, open_folder):
    tmp, folder = open_folder / "taken", open_folder / "robbed"
    for path in (tmp, folder, tmp / f"pharia-kernel-{pwd.getpwnam('nobody').pw_uid}"):
        path.mkdir()
    tmp.chmod(0o1777)
    done = subprocess.run([installed / "bin/pharia-kernel", "--kernel-address", "127.0.0.1:0"], env={"TMPDIR": str(tmp)}, cwd=folder,
                          capture_output=True, text=True, timeout=60, **NOBODY)
    assert done.returncode == 1 and "belongs to user 0" in done.stdout and "--cache-dir" in done.stdout


@as_root
def test_another_user_runs_the_commands_and_the_evaluation(installed, open_folder):
    options = {"env": {}, "cwd": "/", "capture_output": True, "text": True, "timeout": 120, **NOBODY}
    shutil.copy(support.DEV_CACHE / "skills/out/sample_c.wasm", open_folder / "skill.wasm")
    (open_folder / "skill.wasm").chmod(0o644)
    done = subprocess.run([installed / "bin/pharia-kernel", "inspect", open_folder / "skill.wasm", "--json"], **options)
    assert done.returncode == 0 and json.loads(done.stdout)["linked"], done.stderr
    done = subprocess.run([installed / "bin/resource-eval", "--version"], **options)
    assert done.returncode == 0, done.stderr
    (open_folder / "eval").mkdir()
    shutil.chown(open_folder / "eval", "nobody")
    (open_folder / "eval/a.cmds").write_text("skills\n")
    shutil.copytree(support.DEV_CACHE / "skills/out", open_folder / "samples", ignore=lambda _, names: set(names) - {"sample_c.wasm"})
    port = support.free_port()
    done = subprocess.run([installed / "bin/resource-eval", "run", "--samples", open_folder / "samples", "--address", f"127.0.0.1:{port}", "a.cmds"],
                          **{**options, "cwd": open_folder / "eval"})
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_relative_prefix_is_refused(tmp_path):
    done = subprocess.run([support.ROOT / "tools/install.sh"], env={**os.environ, "PREFIX": "here", "DESTDIR": str(tmp_path)}, capture_output=True, text=True)
    assert done.returncode == 2 and "absolute" in done.stderr and not list(tmp_path.iterdir())
