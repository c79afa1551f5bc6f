"""What the end-to-end tests share: the kernel's binary, one cache directory for the session, skills, and kernels that end well.

KERNEL=PATH runs another binary (a sanitizer's); BUILD and PHARIA_DEV_CACHE are the Makefile's."""
import os
import pathlib
import shutil
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import e2e_support as support  # noqa: E402


@pytest.fixture(scope="session")
def binary(tmp_path_factory):
    """A copy: the one in the build folder may be built anew beside us, and what is linked is named by the program too."""
    path = pathlib.Path(os.environ.get("KERNEL") or support.ROOT / os.environ.get("BUILD", "build") / "release/src/kernel/pharia-kernel")
    copy = tmp_path_factory.mktemp("kernel") / "pharia-kernel"
    shutil.copy2(path, copy)
    return copy


@pytest.fixture(scope="session")
def program(tmp_path_factory):
    path = pathlib.Path(os.environ.get("EVAL") or support.ROOT / os.environ.get("BUILD", "build") / "release/src/eval/resource-eval")
    return pathlib.Path(shutil.copy2(path, tmp_path_factory.mktemp("eval") / "resource-eval"))


@pytest.fixture(scope="session")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("session") / "cache"


@pytest.fixture(scope="session")
def wasm(tmp_path_factory):
    return support.Skills(tmp_path_factory.mktemp("wasm"))


@pytest.fixture
def memory_group():
    """memory_group(bytes) gives the folder of a control group of that size, for start(group=…)."""
    groups = []

    def new(size):
        groups.append(support.make_memory_group(size))
        return groups[-1]

    yield new
    for group in groups:
        support.wait_until(lambda: support.remove_group(group), what=f"that {group} is empty")


@pytest.fixture
def start(binary, cache, tmp_path, memory_group):
    """start(**options) gives a kernel in a folder of its own; every one that a test did not kill must end with 0 (before its control group goes)."""
    kernels = []

    def new(folder=None, group=None, **options):
        folder = folder or tmp_path / f"kernel{len(kernels)}"
        folder.mkdir(exist_ok=True)
        program = support.in_group(binary, group, folder) if group else binary
        kernel = support.TestKernel(program, folder=folder, cache=options.pop("cache", cache), start=False, **options)
        kernels.append(kernel)
        return kernel.start()

    yield new
    for kernel in kernels:
        kernel.end()


@pytest.fixture(scope="session")
def shared(binary, cache, wasm, tmp_path_factory):
    """One kernel for all tests that only call it: behaviour and every sample, and some whose metadata or names are special."""
    kernel = support.TestKernel(binary, folder=tmp_path_factory.mktemp("shared"), cache=cache, start=False,
                                env={"SHUTDOWN_DEADLINE": "1s"})
    for name in ("sample_py", "sample_js", "sample_c", "sample_rs"):
        kernel.put(wasm.sample(name), name, wait=False)
    kernel.put(wasm.behaviour, "behaviour", wait=False)
    kernel.put(wasm.behaviour, "grüße 100%", wait=False)
    kernel.put(wasm.behaviour, "with.dot", wait=False)
    kernel.start()
    yield kernel
    kernel.end()


@pytest.fixture
def kernel(shared):
    """The shared kernel; whatever a test did to it, it still answers."""
    yield shared
    assert shared.run("behaviour", '"echo"').text == '"echo"'
