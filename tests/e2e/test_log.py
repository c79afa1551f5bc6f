"""The log of a kernel: levels by directives, and a storm of lines of one kind."""
import re

import pytest

from e2e_support import command, wait_until


def test_a_storm_of_unknown_skills_is_a_few_lines_with_a_count(start):
    kernel = start()
    size, calls = len(kernel.log()), 3000

    def one(number):
        assert kernel.run(f"unknown-{number}", "1").status == 400
    kernel.many(calls, one, workers=16)

    def lines():
        """Written ones, and those that are told as a number."""
        log = kernel.log()
        written = [line for line in log.splitlines() if "INFO shell: 400: Sorry" in line]
        return len(written), sum(map(int, re.findall(r"INFO shell: (\d+) more in the last second like: 400: Sorry", log)))
    wait_until(lambda: sum(lines()) == calls, what="that every line is there or counted")
    assert lines()[0] < calls / 2 and len(kernel.log()) - size < 200 * calls


def test_a_storm_hides_no_error_of_another_kind(start, wasm):
    kernel = start()
    (kernel.skills / "bad.wasm").write_bytes(b"bad")
    kernel.wait_listed("bad")
    kernel.many(500, lambda number: kernel.run(f"unknown-{number}", "1"), workers=16)
    assert kernel.run("bad", "1").status == 503
    kernel.many(500, lambda number: kernel.run(f"unknown-{number}", "1"), workers=16)
    kernel.wait_log("INFO shell: 503: Error loading skill")


@pytest.mark.parametrize("levels,has,has_not", [
    ("warn", [], [" INFO ", " DEBUG "]), ("warn,hyper=off", [], [" INFO "]), ("error,shell=info", [" INFO shell: 400"], [" INFO kernel"]),
    ("pharia_kernel=debug", [" INFO kernel", " INFO shell: 400"], []), ("pharia-kernel::http=off,info", [" INFO kernel"], [" INFO shell"]),
    ("off", [], [" INFO ", " WARN "])])
def test_levels_are_those_of_the_directives(start, levels, has, has_not):
    kernel = start(env={"LOG_LEVEL": levels})
    assert kernel.run("unknown", "1").status == 400
    for text in has:
        kernel.wait_log(text)
    assert kernel.stop() == 0  # everything is written now
    assert not [text for text in has_not if text in kernel.log()]


@pytest.mark.parametrize("levels", ["loud", "info,shell=loud", "shell=", "=info"])
def test_levels_that_are_none_end_the_start(binary, tmp_path, levels):
    code, _, err = command(binary, folder=tmp_path, env={"CACHE_DIR": str(tmp_path / "cache"), "KERNEL_ADDRESS": "127.0.0.1:0", "LOG_LEVEL": levels})
    assert code == 1 and "LOG_LEVEL" in err and "is neither a level" in err and "shell" in err


def test_a_dotenv_of_the_existing_kernel_is_taken(start, tmp_path):
    """As the SDK's and the evaluation's have it."""
    folder = tmp_path / "dotenv"
    folder.mkdir()
    (folder / ".env").write_text('LOG_LEVEL="info,pharia_kernel=debug"\nPHARIA_KERNEL_ADDRESS="http://127.0.0.1:1"\nPHARIA_AI_TOKEN=x\n'
                                 "INFERENCE_URL=\nDOCUMENT_INDEX_URL=\nAUTHORIZATION_URL=\nNAMESPACE_UPDATE_INTERVAL=1s\n")
    kernel = start(folder=folder)
    kernel.wait_log(f"listening on http://127.0.0.1:{kernel.port}")
