"""Settings from options, environment, .env and config.toml; what is wrong with one."""
import pytest

from e2e_support import command, wait_until
from kernel_process import free_port


# ---- namespaces

def test_without_configuration_it_is_dev_and_skills_of_the_working_directory(start, wasm):
    kernel = start()
    kernel.put(wasm.behaviour, "skill")
    assert kernel.listed() == ["dev/skill"] and kernel.say("skill", "echo").status == 200


def test_namespace_of_the_environment_replaces_dev(start, wasm, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    kernel = start(env={"NAMESPACES__MY_TEAM__DIRECTORY": str(other), "NAMESPACES__TEAM1__DIRECTORY": str(other)})
    kernel.put(wasm.behaviour, "skill", wait=False)
    kernel.put(wasm.behaviour, "mine", wait=False, folder=other)
    wait_until(lambda: kernel.listed() == ["my-team/mine", "team-1/mine"])
    assert kernel.call("POST", "/v1/skills/my-team/mine/run", '"echo"').text == '"echo"'


def toml(start, tmp_path, text, **options):
    folder = tmp_path / "configured"
    folder.mkdir()
    (folder / "config.toml").write_text(text)
    return start(folder=folder, **options)


def test_namespaces_of_config_toml(start, wasm, tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    kernel = toml(start, tmp_path, f'[namespaces.one]\ndirectory = "{tmp_path}/one"\n[namespaces.two-b]\ndirectory = "../two"\n')
    kernel.put(wasm.behaviour, "skill", wait=False, folder=tmp_path / "one")
    kernel.put(wasm.behaviour, "skill", wait=False, folder=tmp_path / "two")
    wait_until(lambda: kernel.listed() == ["one/skill", "two-b/skill"])


def test_environment_wins_over_config_toml_and_options_over_both(start, tmp_path):
    text = 'kernel-address = "127.0.0.1:1"\nlog-level = "error"\nmax-invocations = 11\n[namespaces.dev]\ndirectory = "a"\n'
    kernel = toml(start, tmp_path, text, env={"LOG_LEVEL": "error", "NAMESPACES__DEV__DIRECTORY": "b", "INVOCATION_MEMORY": "2Mi"},
                  args=["--log-level", "info", "--invocation-memory=3Mi"])
    for text in ("namespace dev: directory b", "3 MiB of memory", "at most 11 invocations"):
        kernel.wait_log(text)


def test_dotenv_is_read_below_the_environment(start, tmp_path):
    folder = tmp_path / "dotenv"
    folder.mkdir()
    (folder / ".env").write_text('# ours\nexport MAX_INVOCATIONS="12"\nNAMESPACES__DEV__DIRECTORY=from-dotenv\n')
    kernel = start(folder=folder, env={"NAMESPACES__DEV__DIRECTORY": "from-environment"})
    kernel.wait_log("at most 12 invocations")
    kernel.wait_log("directory from-environment")


# ---- address

def test_the_older_name_of_the_address_counts_when_the_newer_is_not_set(start):
    port = free_port()
    kernel = start(env={"PHARIA_KERNEL_ADDRESS": "127.0.0.1:1"})  # KERNEL_ADDRESS is set, too
    kernel.wait_log(f"listening on http://127.0.0.1:{kernel.port}")
    kernel.stop()
    kernel.log_path.unlink()
    del kernel.env["KERNEL_ADDRESS"]
    kernel.env["PHARIA_KERNEL_ADDRESS"] = f"127.0.0.1:{port}"
    kernel.port = port
    kernel.start()
    kernel.wait_log(f"listening on http://127.0.0.1:{port}")


@pytest.mark.parametrize("host,says", [("127.0.0.1", False), ("localhost", False), ("0.0.0.0", True)])
def test_listening_for_other_machines_is_told(start, host, says):
    kernel = start(env={"KERNEL_ADDRESS": f"{host}:{free_port()}"})
    kernel.wait_log("is listening on")
    assert ("without any authentication" in kernel.log()) == says


# ---- values that are none

@pytest.mark.parametrize("key,value", [
    ("KERNEL_ADDRESS", "nowhere"), ("KERNEL_ADDRESS", "127.0.0.1:99999"), ("KERNEL_ADDRESS", "127.0.0.1"), ("KERNEL_ADDRESS", "256.1.1.1:80"),
    ("NAMESPACE_UPDATE_INTERVAL", "soon"), ("NAMESPACE_UPDATE_INTERVAL", "-1s"), ("NAMESPACE_UPDATE_INTERVAL", ""), ("LOG_LEVEL", "loud"),
    ("EXECUTORS", "many"), ("EXECUTORS", "-1"), ("EXECUTORS", "99999999999999999999"), ("MAX_INVOCATIONS", "0"), ("INVOCATION_TIMEOUT", "0s"),
    ("INVOCATION_MEMORY", "5Gi"), ("INVOCATION_MEMORY", "1 lot"), ("STRICT_MEMORY", "maybe"), ("BODY_LIMIT", "0"), ("SHUTDOWN_DEADLINE", "1 fortnight")])
def test_bad_value_is_exit_1_and_named(binary, tmp_path, key, value):
    code, out, err = command(binary, folder=tmp_path, env={"CACHE_DIR": str(tmp_path / "cache"), "KERNEL_ADDRESS": "127.0.0.1:0", key: value})
    assert code == 1
    assert (key in out + err or key.lower().replace("_", "-") in out + err) and value in out + err


@pytest.mark.parametrize("variable,value", [("NAMESPACES__A__DIRECTORY", ""), ("NAMESPACES__A__SKILLS", "x"), ("NAMESPACES__A__NATIVE_TOOLS", "")])
def test_namespace_without_a_directory_is_exit_1(binary, tmp_path, variable, value):
    code, out, err = command(binary, folder=tmp_path, env={"CACHE_DIR": str(tmp_path / "cache"), "KERNEL_ADDRESS": "127.0.0.1:0", variable: value})
    assert code == 1 and '"a"' in out + err and "directory" in out + err


@pytest.mark.parametrize("text,parts", [("a = ", ["config.toml"]), ('max-invocations = "x"', ["config.toml", "max-invocations", "x"]),
                                        ("executors = [1]", ["config.toml", "executors"]), ("[namespaces.Dev]\ndirectory = 'a'", ["Dev"]),
                                        ("[namespaces.a]\nconfig-url = 'http://x'", ["config-url"])])
def test_bad_config_toml_is_exit_1_and_named(binary, tmp_path, text, parts):
    (tmp_path / "config.toml").write_text(text)
    code, out, err = command(binary, folder=tmp_path, env={"CACHE_DIR": str(tmp_path / "cache"), "KERNEL_ADDRESS": "127.0.0.1:0"})
    assert code == 1 and all(part in out + err for part in parts), out + err


@pytest.mark.parametrize("args", [["--nothing", "1"], ["--executors"], ["--executors", "x"], ["serve", "more"], ["--executors=1", "more"]])
def test_bad_option_is_exit_1_with_a_text(binary, tmp_path, args):
    code, out, err = command(binary, *args, folder=tmp_path, env={"CACHE_DIR": str(tmp_path / "cache"), "KERNEL_ADDRESS": "127.0.0.1:0"})
    assert code == 1 and err.startswith("pharia-kernel: ") and any(arg.strip("-") in err for arg in args)


@pytest.mark.parametrize("args", [["--help"], ["-h"], ["serve", "--help"], ["inspect", "--help"], ["--executors", "1", "--help"]])
def test_help_wherever_it_stands(binary, tmp_path, args):
    code, out, err = command(binary, *args, folder=tmp_path, env={})
    assert code == 0 and "--kernel-address" in out and not err


def test_unknown_command(binary, tmp_path):
    code, _, err = command(binary, "dance", folder=tmp_path)
    assert code != 0 and "dance" in err


# ---- settings of the existing Kernel that are not honoured yet

def test_unsupported_setting_ends_the_start_and_the_option_makes_it_a_warning(binary, start, tmp_path):
    value = "http://127.0.0.1:1/secret"
    code, out, err = command(binary, folder=tmp_path, env={"CACHE_DIR": str(tmp_path / "cache"), "KERNEL_ADDRESS": "127.0.0.1:0", "AUTHORIZATION_URL": value})
    assert code == 1 and "AUTHORIZATION_URL" in err and "--ignore-unsupported" in err and "secret" not in out + err
    kernel = start(env={"AUTHORIZATION_URL": value}, args=["--ignore-unsupported"])
    kernel.wait_log("ignored: the environment, AUTHORIZATION_URL")


def test_a_namespace_that_is_left_out_does_not_keep_it_from_starting(start):
    kernel = start(env={"NAMESPACES__A__REGISTRY": "registry.example", "IGNORE_UNSUPPORTED": "true"})
    kernel.wait_log('namespace "a" is left out')
    assert kernel.listed() == []
