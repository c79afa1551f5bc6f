"""The cache directory: used again, shared, repaired, refused."""
import contextlib
import os
import pathlib
import shutil
import stat
import subprocess
import time

import pytest

from e2e_support import children, files, wait_until


def loaded_line(kernel, name, count=1):
    """Of its count-th load."""
    kernel.wait_log(f"dev/{name} is loaded in", count=count)
    return [line for line in kernel.log().splitlines() if f"dev/{name} is loaded in" in line][count - 1]


def test_a_second_start_compiles_nothing(start, wasm, tmp_path):
    for round in range(2):
        kernel = start(cache=tmp_path / "cache", folder=tmp_path / f"round{round}")
        kernel.put(wasm.sample("sample_c"), "skill")
        assert kernel.run("skill", {"topic": "x"}).json() == "Hello x"
        kernel.stop()
        assert loaded_line(kernel, "skill").count("(cached)") == (2 if round else 0)
    assert len(files(tmp_path / "cache", ".cwasm")) == 1


def test_a_dropped_skill_is_not_compiled_again(start, wasm, tmp_path):
    kernel = start(cache=tmp_path / "cache")
    kernel.put(wasm.behaviour, "skill")
    kernel.say("skill", "echo")
    kernel.call("DELETE", "/cached_skills/dev/skill")
    assert files(kernel.cache, ".cwasm") != []
    assert kernel.say("skill", "echo").status == 200
    assert loaded_line(kernel, "skill", 2).count("(cached)") == 2


def test_python_skills_of_one_sdk_share_their_code(start, wasm, cache, tmp_path):
    """sample_py, sample_py_heavy and changed copies: one compile (the session's cache may have it already)."""
    kernel = start()
    kernel.put(wasm.sample("sample_py"), "sample_py")
    assert kernel.run("sample_py", {"topic": "x"}).json() == "Hello x"
    before = files(cache, ".cwasm")
    kernel.put(wasm.sample("sample_py_heavy"), "heavy")
    kernel.put(wasm.patched("sample_py", b"Hello \0", b"Howdy \0", "howdy"), "howdy")
    kernel.put(wasm.patched("sample_py", b"Hello \0", b"Salut \0", "salut"), "salut")
    answers = kernel.many(3, lambda i: kernel.run(["heavy", "howdy", "salut"][i], {"topic": "x"}).json())
    assert answers == ["Hello x", "Howdy x", "Salut x"]
    assert kernel.run("sample_py", {"topic": "x"}).json() == "Hello x"
    assert files(cache, ".cwasm") == before
    for name in ("heavy", "howdy", "salut"):
        assert loaded_line(kernel, name).count("(cached)") >= 1


def test_two_skills_of_one_code_that_start_together_compile_once(start, wasm, tmp_path):
    kernel = start(cache=tmp_path / "cache")
    names = [f"copy{i}" for i in range(8)]
    for i, name in enumerate(names):
        kernel.put(wasm.patched("sample_c", b'"Hello \0', b'"Hell%d \0' % i, name), name)
    answers = kernel.many(8, lambda i: kernel.run(names[i], {"topic": "x"}).json())
    assert answers == [f"Hell{i} x" for i in range(8)]
    assert len(files(kernel.cache, ".cwasm")) == 1 and len(files(kernel.cache, ".image")) == 8
    kernel.wait_log("is loaded in", count=8)
    compiled = [line for line in kernel.log().splitlines() if "is loaded in" in line and " map " in line and not line.split("compile")[1].split(",")[0].count("cached")]
    assert len(compiled) == 1, compiled


def damage(path, how):
    data = path.read_bytes()
    path.unlink()
    if how == "empty":
        data = b""
    elif how == "half":
        data = data[:len(data) // 2]
    elif how == "bit":
        middle = len(data) // 2
        data = data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1:]
    elif how == "longer":
        data += b"x"
    elif how == "junk":
        data = os.urandom(len(data))
    if how.startswith("directory"):
        path.mkdir()
        if how.endswith("full"):
            (path / "something").write_bytes(data)
    elif how == "socket":
        os.mknod(path, stat.S_IFSOCK | 0o600)
    elif how == "link":
        path.symlink_to("/etc/passwd")
    elif how == "fifo":
        os.mkfifo(path)
    elif how != "missing":
        path.write_bytes(data)
        path.chmod(0o400)


@pytest.mark.parametrize("how", ["missing", "empty", "half", "bit", "longer", "junk", "link", "fifo", "socket", "directory", "directory-full"])
@pytest.mark.parametrize("suffix", [".cwasm", ".image", ".interface", ".names", ".wasm", ".skill", ".code"])
def test_damaged_files_are_made_again(start, wasm, tmp_path, suffix, how):
    for round in range(3):
        kernel = start(cache=tmp_path / "cache", folder=tmp_path / f"round{round}")
        kernel.put(wasm.behaviour, "skill")
        answer = kernel.say("skill", "echo")
        assert (answer.status, answer.text) == (200, '"echo"'), answer.text
        kernel.stop()
        if round == 0:
            for name in files(kernel.cache, suffix):
                damage(kernel.cache / name, how)
        elif round == 1 and suffix != ".wasm":  # the linked code is only read to compile it
            assert ("is bad" in kernel.log()) == (how != "missing") or suffix in (".skill", ".code"), kernel.log()
    assert loaded_line(kernel, "skill").count("(cached)") == 2


def test_a_foreign_writable_file_is_not_used(start, wasm, tmp_path):
    kernel = start(cache=tmp_path / "cache")
    kernel.put(wasm.behaviour, "skill")
    kernel.say("skill", "echo")
    [name] = files(kernel.cache, ".cwasm")
    kernel.call("DELETE", "/cached_skills/dev/skill")
    (kernel.cache / name).chmod(0o666)
    assert kernel.say("skill", "echo").status == 200
    kernel.wait_log("others may write it")
    assert (kernel.cache / name).stat().st_mode & 0o777 == 0o400


def test_files_and_directory_are_for_their_owner_only(start, wasm, tmp_path):
    kernel = start(cache=tmp_path / "deep/er/cache")
    kernel.put(wasm.behaviour, "skill")
    kernel.say("skill", "echo")
    assert kernel.cache.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in kernel.cache.iterdir()} == {0o400}


def lives(pid):
    with contextlib.suppress(OSError):
        return "Z" not in pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    return False


def test_killed_while_it_compiles_it_starts_again(start, wasm, tmp_path):
    kernel = start(cache=tmp_path / "cache", folder=tmp_path / "killed")
    kernel.put(wasm.sample("sample_js"), "sample_js")
    kernel.begin("sample_js", '{"topic":"x"}')
    wait_until(lambda: children(kernel.process.pid), what="a compile child")
    time.sleep(1)
    left = []
    wait_until(lambda: left.extend(children(kernel.process.pid)) or left, what="a compile child")  # there is none between link and compile
    kernel.kill()
    wait_until(lambda: not any(map(lives, left)), what="the end of the children")
    again = start(cache=tmp_path / "cache", folder=tmp_path / "again")
    again.put(wasm.sample("sample_js"), "sample_js")
    assert again.run("sample_js", {"topic": "x"}).json() == "Hello x"


def test_killed_at_random_moments_it_starts_again(start, wasm, tmp_path):
    for round in range(8):
        kernel = start(cache=tmp_path / "cache", folder=tmp_path / f"round{round}")
        kernel.put(wasm.patched("sample_c", b'"Hello \0', b'"Hell%d \0' % round, f"kill{round}"), "skill")
        kernel.begin("skill", '{"topic":"x"}')
        time.sleep(0.03 * round)
        kernel.kill()
    kernel = start(cache=tmp_path / "cache", folder=tmp_path / "last")
    for round in range(8):
        kernel.put(wasm.patched("sample_c", b'"Hello \0', b'"Hell%d \0' % round, f"kill{round}"), f"kill{round}")
        assert kernel.run(f"kill{round}", {"topic": "x"}).json() == f"Hell{round} x"


def refused(binary, folder, path):
    done = subprocess.run([binary], cwd=folder, env={"CACHE_DIR": str(path), "KERNEL_ADDRESS": "127.0.0.1:0"}, capture_output=True, text=True, timeout=120)
    assert done.returncode == 1
    return done.stdout + done.stderr


@pytest.mark.parametrize("mode", [0o777, 0o770, 0o702])
def test_a_directory_that_others_may_write_is_refused(binary, tmp_path, mode):
    path = tmp_path / "open"
    path.mkdir()
    path.chmod(mode)
    text = refused(binary, tmp_path, path)
    assert str(path) in text and "chmod 0700" in text and "can be written by others" in text


def test_a_link_to_a_directory_is_refused(binary, tmp_path):
    (tmp_path / "real").mkdir(mode=0o700)
    (tmp_path / "link").symlink_to("real")
    text = refused(binary, tmp_path, tmp_path / "link")
    assert str(tmp_path / "link") in text and "symbolic link" in text


def test_a_file_in_its_place_is_refused(binary, tmp_path):
    (tmp_path / "file").write_text("")
    assert str(tmp_path / "file") in refused(binary, tmp_path, tmp_path / "file")


def test_another_owners_directory_is_refused(binary, tmp_path):
    if os.geteuid():
        pytest.skip("only root can give a directory away")
    path = tmp_path / "theirs"
    path.mkdir(mode=0o700)
    os.chown(path, 12345, -1)
    text = refused(binary, tmp_path, path)
    assert "12345" in text and str(path) in text


def test_two_kernels_share_one_cache(start, wasm, tmp_path):
    kernels = [start(cache=tmp_path / "cache") for _ in range(2)]
    for kernel in kernels:
        for i in range(4):
            kernel.put(wasm.patched("sample_c", b'"Hello \0', b'"Hell%d \0' % i, f"copy{i}"), f"copy{i}")
    answers = kernels[0].many(8, lambda i: kernels[i % 2].run(f"copy{i // 2}", {"topic": "x"}).json())
    assert answers == [f"Hell{i // 2} x" for i in range(8)]
    assert len(files(tmp_path / "cache", ".cwasm")) == 1 and files(tmp_path / "cache", "tmp-") == []


def test_a_removed_cache_directory_does_not_stop_what_is_loaded(start, wasm, tmp_path):
    kernel = start(cache=tmp_path / "cache")
    kernel.put(wasm.behaviour, "skill")
    kernel.say("skill", "echo")
    shutil.rmtree(kernel.cache)
    assert kernel.many(20, lambda i: kernel.say("skill", "echo").status) == [200] * 20
    kernel.put(wasm.sample("sample_c"), "new")
    answer = kernel.run("new", {"topic": "x"})
    assert answer.status == 200 or (answer.status == 503 and "Error loading skill" in answer.text)


def test_a_cache_directory_that_was_removed_is_made_again(start, wasm, tmp_path):
    """An operator empties the disk: what is loaded goes on, what comes is loaded."""
    kernel = start(cache=tmp_path / "cache")
    kernel.put(wasm.behaviour, "before")
    assert kernel.say("before", "echo").status == 200
    shutil.rmtree(tmp_path / "cache")
    assert kernel.say("before", "echo").status == 200
    kernel.put(wasm.sample("sample_c"), "after")
    assert kernel.run("after", {"topic": "x"}).status == 200
    assert list((tmp_path / "cache").iterdir())
    kernel.wait_log("was removed")


@pytest.fixture
def small_disk(tmp_path):
    """small_disk(MiB) mounts a tmpfs of that size; the folder."""
    mounted = []

    def mount(size):
        folder = tmp_path / f"disk{len(mounted)}"
        folder.mkdir(mode=0o700)
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}k,mode=0700", "tmpfs", folder], capture_output=True, text=True)
        if done.returncode:
            pytest.skip(f"a tmpfs cannot be mounted here: {done.stderr}")
        mounted.append(folder)
        return folder
    yield mount
    for folder in mounted:
        subprocess.run(["umount", "-l", folder], check=True)


def test_a_full_disk_under_the_cache_is_an_error_not_an_end(start, wasm, small_disk, tmp_path):
    """At every fill level: a load succeeds and its calls too, or it fails with a text; the kernel goes on, and loads when there is room."""
    disk = small_disk(4096)
    kernel = start(cache=disk / "cache")
    page = 4096
    kernel.put(wasm.behaviour, "before")
    assert kernel.say("before", "echo").status == 200
    kernel.put(wasm.sample("sample_c"), "skill")
    assert kernel.run("skill", {"topic": "x"}).status == 200
    full = sum(path.stat().st_blocks for path in (disk / "cache").iterdir()) * 512
    statuses = set()
    time.sleep(2.5)  # the failure of a younger file is not told at once
    for level in range(0, full // page + 2, 2):
        kernel.call("DELETE", "/cached_skills/dev/skill")  # forgets a failure, too
        for path in (disk / "cache").iterdir():
            path.unlink()
        (disk / "filler").unlink(missing_ok=True)
        free = os.statvfs(disk).f_bavail * page
        with open(disk / "filler", "wb") as filler:
            os.posix_fallocate(filler.fileno(), 0, max(page, free - level * page))
        answer = kernel.run("skill", {"topic": "x"})
        statuses.add(answer.status)
        assert answer.status == 200 or (answer.status == 503 and "No space left on device" in answer.text), (level, answer.text)
        if answer.status == 200:  # first touches of all that was loaded
            assert kernel.many(4, lambda i: kernel.run("skill", {"topic": "x"}).status) == [200] * 4
        assert kernel.say("before", "check").status == 200
    assert statuses == {200, 503}
    (disk / "filler").unlink()
    kernel.put(wasm.sample("sample_c"), "later")
    assert kernel.run("later", {"topic": "x"}).status == 200


def test_an_image_has_no_holes_on_disk(start, wasm, tmp_path):
    kernel = start(cache=tmp_path / "cache")
    kernel.put(wasm.sample("sample_c"), "skill")
    assert kernel.run("skill", {"topic": "x"}).status == 200
    [name] = files(kernel.cache, ".image")
    image = (kernel.cache / name).stat()
    assert image.st_blocks * 512 >= image.st_size
