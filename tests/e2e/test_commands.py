"""The commands beside serve: inspect and link on every sample, on what is no skill, and with outputs that fail."""
import hashlib
import json
import os
import resource
import subprocess

import pytest

import e2e_support
from e2e_support import command, files

WORLDS = {"sample_py": "0.", "sample_py_heavy": "0.", "sample_js": "0.", "sample_js_all": "0.", "sample_c": "0.3.11", "sample_c_w02": "0.2.10",
          "sample_c_w04": "0.4.0", "sample_c_w05": "0.5.0", "sample_rs": "0.3.11"}
WRITTEN = ["code.wasm", "image", "interface.json", "names"]
# Taken by the decoder, refused by the linker.
UNLINKABLE = '(component (core module $m (memory 1) (memory 1)) (core instance (instantiate $m)) (instance $h) (export "pharia:skill/skill-handler@0.3.11" (instance $h)))'


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def report(binary, path):
    code, out, err = command(binary, "inspect", path, "--json")
    assert (code, err) == (0, "")
    return json.loads(out)


def test_help_and_version(binary):
    code, out, _ = command(binary, "--help")
    assert code == 0 and all(f"--{key} " in out for key in ("kernel-address", "cache-dir", "invocation-timeout", "strict-memory")) and "inspect" in out
    code, out, _ = command(binary, "--version")
    assert code == 0 and out.startswith("pharia-kernel ") and out.count("\n") == 1


@pytest.mark.parametrize("args", [["inspect"], ["inspect", "--json"], ["inspect", "a", "b"], ["inspect", "a", "--jsn"], ["link"], ["link", "a"],
                                  ["link", "a", "-o"], ["link", "a", "b", "-o", "c"], ["link", "-o", "c"], ["link", "a", "-o", "c", "--strict"]])
def test_wrong_arguments_are_exit_2_and_say_the_right_ones(binary, tmp_path, args):
    code, out, err = command(binary, *args, folder=tmp_path)
    assert code == 2 and out == "" and err.startswith(f"usage: pharia-kernel {args[0]} FILE") and list(tmp_path.iterdir()) == []


# ---- inspect

@pytest.mark.parametrize("name", WORLDS)
def test_inspect_tells_what_a_sample_is_made_of(binary, wasm, name):
    path = wasm.sample(name)
    found = report(binary, path)
    assert found["bytes"] == path.stat().st_size and found["digests"]["component"] == sha256(path)
    assert found["world"]["version"].startswith(WORLDS[name]) and found["world"]["kind"] == "function"
    handler = [export for export in found["exports"] if export["interface"].startswith("pharia:skill/skill-handler@")]
    assert len(handler) == 1 and "run" in handler[0]["functions"]
    interfaces = [instance["interface"] for instance in found["imports"]]
    assert interfaces == sorted(set(interfaces)) and all(instance["functions"] == sorted(set(instance["functions"])) for instance in found["imports"])
    assert sum(module["code"] for module in found["modules"]) > 1000 and found["linked"]["image_pages"] > 0
    assert all(module["code"] + module["data"] < module["bytes"] for module in found["modules"])
    assert found["linked"]["data_in_image"] is True and found["linked"]["globals"] > 0


@pytest.mark.parametrize("name", WORLDS)
def test_inspect_tells_the_same_in_words(binary, wasm, name):
    found = report(binary, wasm.sample(name))
    code, text, err = command(binary, "inspect", wasm.sample(name))
    assert (code, err) == (0, "")
    lines = [line.strip() for line in text.splitlines()]
    assert f"file        {found['bytes']} bytes" in lines and f"world       pharia:skill {found['world']['version']}, function" in lines
    for instance in found["imports"] + found["exports"]:
        assert instance["interface"] in lines and set(instance["functions"]) <= set(lines)
    assert [line.split()[1:] for line in text.partition("modules ")[2].partition("linked")[0].splitlines()[1:]] == \
        [[str(module[key]) for key in ("bytes", "code", "data", "functions")] for module in found["modules"]]
    assert f"code {found['linked']['code']} bytes, image {found['linked']['image_pages']} pages" in text
    assert all(f"{key:11} {digest}" in lines for key, digest in found["digests"].items()) and len(found["digests"]) == 4


def test_inspect_names_the_code_that_a_kernel_keeps(binary, start, wasm, tmp_path):
    kernel = start(cache=tmp_path / "cache")
    kernel.put(wasm.sample("sample_c"), "skill")
    assert kernel.run("skill", {"topic": "x"}).status == 200
    assert files(kernel.cache, ".wasm") == [report(binary, wasm.sample("sample_c"))["digests"]["code"] + ".wasm"]


def test_inspect_of_a_world_that_is_too_old(binary, wasm):
    path = wasm.variant("old-for-inspect", ("skill-handler@0.3.11", "skill-handler@0.1.0"))
    found = report(binary, path)
    assert found["world"] is None and "no longer supported" in found["world_error"] and found["linked"] is None
    code, out, _ = command(binary, "inspect", path)
    assert code == 0 and f"none: {found['world_error']}" in out and f"no: {found['link_error']}" in out


def test_what_cannot_be_linked_is_told_by_inspect_and_refused_by_link(binary, wasm, tmp_path):
    path = wasm.build("unlinkable", UNLINKABLE)
    found = report(binary, path)
    assert found["world"]["version"] == "0.3.11" and found["linked"] is None and "second memory" in found["link_error"]
    assert found["digests"] == {"component": sha256(path)}
    assert f"linked      no: {found['link_error']}\n" in command(binary, "inspect", path)[1]
    code, out, err = command(binary, "link", path, "-o", tmp_path / "out")
    assert code == 1 and out == "" and err == f"pharia-kernel: {path}: {found['link_error']}\n" and not (tmp_path / "out").exists()


# ---- names that a terminal would obey, in core modules: names of components are letters, digits and a few signs

HOSTILE, SHOWN = "\u202e\x1b[2J\n\u200bx\x07", "\\xe2\\x80\\xae\\x1b[2J\\n\\xe2\\x80\\x8bx\\x07"


def is_harmless(text):
    return not any(character in text for character in "\u202e\x1b\u200b\x07")


def hostile(wasm, name, **changes):
    """A core export and a function's name are hostile; the component wants an export that is not there."""
    text = "".join(f"\\{byte:02x}" for byte in HOSTILE.encode())
    if name == "hostile-trap":
        return wasm.variant(name, ('(func (export "run") (param $pointer', f'(func $run (@name "{text}") (export "run") (param $pointer'))
    return wasm.build(name, f'''(component (core module $a) (core module $b (import "{text}" "{text}" (func)))
        (core instance $x (instantiate $a)) (core instance (instantiate $b (with "{text}" (instance $x))))
        (instance $h) (export "pharia:skill/skill-handler@0.3.11" (instance $h)))''')


def test_hostile_names_are_escaped_by_inspect_and_link(binary, wasm, tmp_path):
    path = hostile(wasm, "hostile")
    outputs = [command(binary, "inspect", path), command(binary, "inspect", path, "--json"), command(binary, "link", path, "-o", tmp_path / "out")]
    for code, out, err in outputs:
        assert is_harmless(out + err) and SHOWN in (out + err).replace("\\\\", "\\"), out + err
    assert SHOWN in json.loads(outputs[1][1])["link_error"] and outputs[2][2].count("\n") == 1


def test_hostile_names_are_escaped_in_answers_and_in_the_log(start, wasm):
    kernel = start()
    kernel.put(hostile(wasm, "hostile"), "hostile")
    kernel.put(hostile(wasm, "hostile-trap"), "trap")
    refused, trapped, unknown = kernel.say("hostile", "e"), kernel.say("trap", "t"), kernel.run("%E2%80%AE%1B%0A", "1")
    assert (refused.status, trapped.status, unknown.status) == (503, 503, 400)
    assert is_harmless(refused.text) and SHOWN in refused.text, refused.text
    assert is_harmless(trapped.text) and "\\xe2\\x80\\xae?[2J?" in trapped.text, trapped.text  # the linker's list of names has lines
    assert is_harmless(unknown.text) and "\\xe2\\x80\\xae\\x1b\\n" in unknown.text
    old = kernel.call("POST", "/execute_skill", {"skill": "dev/trap", "input": "t"}, {"Authorization": "Bearer x"})
    assert old.status == 500 and is_harmless(old.text) and "\\xe2\\x80\\xae?[2J?" in old.json()
    kernel.wait_log("hostile is not loaded")
    kernel.wait_log(SHOWN, count=2)
    kernel.wait_log("could not find the skill \"dev/\\xe2\\x80\\xae\\x1b\\n\"")
    assert is_harmless(kernel.log())


# ---- what is no component, for both

def no_component(folder, wasm, case):
    path = folder / "file"
    if case == "directory":
        path.mkdir()
    elif case == "link to nothing":
        path.symlink_to("nowhere")
    elif case != "missing":
        sample = wasm.sample("sample_c").read_bytes()
        path.write_bytes({"empty": b"", "text": b"bad", "truncated": sample[:len(sample) // 2], "one byte short": sample[:-1],
                          "core module": b"\0asm\1\0\0\0"}[case])
    return path


@pytest.mark.parametrize("case,part", [("directory", "is a directory, a file was expected"), ("missing", "No such file"), ("link to nothing", "No such file"),
                                       ("empty", "not a WebAssembly component"), ("text", "not a WebAssembly component"), ("truncated", "offset"),
                                       ("one byte short", "offset"), ("core module", "core module")])
def test_no_component_is_exit_1_and_names_the_file(binary, wasm, tmp_path, case, part):
    path = no_component(tmp_path, wasm, case)
    for args in (["inspect", path], ["inspect", path, "--json"], ["link", path, "-o", tmp_path / "out"]):
        code, out, err = command(binary, *args)
        assert code == 1 and out == "" and err.startswith("pharia-kernel: ") and err.count("\n") == 1
        assert str(path) in err and part in err
    assert not (tmp_path / "out").exists()


def test_a_file_beyond_a_gigabyte_or_the_memory_is_told_as_that(binary, tmp_path):
    path = tmp_path / "large"
    path.touch()
    os.truncate(path, (1 << 30) + 1)
    assert command(binary, "inspect", path)[::2] == (1, f"pharia-kernel: {path} is larger than 1073741824 bytes, the most that is read\n")
    os.truncate(path, 1 << 30)
    done = subprocess.run([binary, "inspect", path], capture_output=True, text=True, timeout=120,
                          preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (300 << 20, 300 << 20)))
    assert (done.returncode, done.stderr) == (1, f"pharia-kernel: no memory to read {path}\n")


# ---- link

@pytest.mark.parametrize("name", WORLDS)
def test_link_writes_the_same_bytes_every_time_and_inspect_knows_them(binary, wasm, tmp_path, name):
    for out in ("a", "b", "a"):  # the second time into what is there
        code, text, err = command(binary, "link", wasm.sample(name), "-o", tmp_path / out)
        assert (code, err) == (0, "")
        assert [line.split() for line in text.splitlines()] == [[str((tmp_path / out / file).stat().st_size), str(tmp_path / out / file)] for file in WRITTEN]
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == WRITTEN
    assert all(sha256(tmp_path / "a" / file) == sha256(tmp_path / "b" / file) for file in WRITTEN)
    found = report(binary, wasm.sample(name))
    for digest, file in (("code", "code.wasm"), ("image", "image"), ("interface", "interface.json")):
        assert found["digests"][digest] == sha256(tmp_path / "a" / file)
    assert found["linked"]["image_pages"] << 16 == (tmp_path / "a/image").stat().st_size
    subprocess.run([e2e_support.tool(), "validate", "--features", "all", tmp_path / "a/code.wasm"], check=True)
    assert json.loads((tmp_path / "a/interface.json").read_text())["exports"]


def test_link_replaces_what_is_longer(binary, wasm, tmp_path):
    (tmp_path / "out").mkdir()
    for file in WRITTEN:
        (tmp_path / "out" / file).write_bytes(b"x" * (1 << 20))
    assert command(binary, "link", wasm.sample("sample_c"), "-o", tmp_path / "out")[0] == 0
    assert command(binary, "link", wasm.sample("sample_c"), "-o", tmp_path / "new")[0] == 0
    assert all(sha256(tmp_path / "out" / file) == sha256(tmp_path / "new" / file) for file in WRITTEN)


def test_strict_memory_is_other_code(binary, wasm, tmp_path):
    assert command(binary, "link", wasm.sample("sample_c"), "-o", tmp_path / "open")[0] == 0
    assert command(binary, "link", wasm.sample("sample_c"), "--strict-memory", "-o", tmp_path / "strict")[0] == 0
    same = [file for file in WRITTEN if sha256(tmp_path / "open" / file) == sha256(tmp_path / "strict" / file)]
    assert "image" in same and "code.wasm" not in same


@pytest.mark.parametrize("out,part", [("missing/out", "cannot make"), ("/proc/none/x", "cannot make"), ("/proc", "cannot write /proc/code.wasm"),
                                      ("file", "cannot write"), ("file/out", "cannot make"), ("l" * 256, "cannot make"), ("", "cannot make"),
                                      ("/" * 4090, "too long")])
def test_link_into_what_cannot_be_a_folder(binary, wasm, tmp_path, out, part):
    (tmp_path / "file").touch()
    code, text, err = command(binary, "link", wasm.behaviour, "-o", out, folder=tmp_path)
    assert code == 1 and text == "" and err.startswith("pharia-kernel: ") and part in err and out[:256] in err
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize("file", WRITTEN)
@pytest.mark.parametrize("way,part", [("directory", "Is a directory"), ("full", "")])
def test_link_names_the_file_that_it_cannot_write(binary, wasm, tmp_path, file, way, part):
    if way == "directory":
        (tmp_path / file).mkdir()
    else:
        (tmp_path / file).symlink_to("/dev/full")
    code, out, err = command(binary, "link", wasm.behaviour, "-o", tmp_path)
    assert code == 1 and f"cannot write {tmp_path / file}: " in err and part in err and err.count("\n") == 1
    assert f"{tmp_path / file}\n" not in out


@pytest.mark.parametrize("args", [["inspect"], ["inspect", "--json"], ["link", "-o", "out"]])
def test_a_report_that_cannot_be_written_is_exit_1(binary, wasm, tmp_path, args):
    with open("/dev/full", "w") as full:
        done = subprocess.run([binary, args[0], wasm.behaviour, *args[1:]], stdout=full, stderr=subprocess.PIPE, text=True, cwd=tmp_path, timeout=120)
    assert done.returncode == 1 and "cannot write" in done.stderr
