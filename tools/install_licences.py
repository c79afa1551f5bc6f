#!/usr/bin/env python3
"""Run by `meson install`: puts the licences of what is shipped into share/doc/pharia-kernel/licences.

Shipped are the two programs, Wasmtime's library, and in the kernel the Rust crates of ffi/ with Rust's own library. What Debian provides (OpenSSL,
libmicrohttpd, jansson, xxHash, the C library) is used as it is installed there and not shipped. Nothing is fetched."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

CACHE = pathlib.Path(sys.argv[1])
NAMES = re.compile(r"(licen[cs]e|copying|copyright|notice|unlicense)", re.I)
PLATFORM = "x86_64-unknown-linux-gnu"


def linked_crates():
    """The packages that cargo builds into the library: normal dependencies, from its root on."""
    found = json.loads(subprocess.run(["cargo", "metadata", "--format-version", "1", "--locked", "--offline", "--filter-platform", PLATFORM],
                                      cwd=CACHE / "ffi/crate", check=True, capture_output=True, text=True).stdout)
    packages = {package["id"]: package for package in found["packages"]}
    nodes = {node["id"]: node for node in found["resolve"]["nodes"]}
    wanted, open_ = set(), [found["resolve"]["root"]]
    while open_:
        for dependency in nodes[open_.pop()]["deps"]:
            if dependency["pkg"] not in wanted and any(kind["kind"] is None for kind in dependency["dep_kinds"]):
                wanted.add(dependency["pkg"])
                open_.append(dependency["pkg"])
    return sorted((packages[name] for name in wanted), key=lambda package: package["name"])


def copy_texts(folder, out):
    texts = [path for path in sorted(pathlib.Path(folder).glob("*")) if path.is_file() and NAMES.match(path.name)]
    for path in texts:
        out.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, out / path.name)
    return texts


def copy_wasmtime(out):
    """Of the package that the library was taken from."""
    found = sorted(CACHE.glob("venv-tools/lib/python*/site-packages/wasmtime-*.dist-info"))
    texts = found and copy_texts(found[0] / "licenses", out / "wasmtime") + copy_texts(found[0], out / "wasmtime")
    if not texts:
        sys.exit(f"Wasmtime's licence is not in {CACHE}/venv-tools: run tools/setup.sh")


def copy_rust_library(out):
    root = subprocess.run(["rustc", "--print", "sysroot"], check=True, capture_output=True, text=True).stdout.strip()
    for folder in (f"{root}/share/doc/rust", f"{root}/share/doc/rust/licenses"):
        copy_texts(folder, out / "rust-library")
    extra = pathlib.Path(root) / "share/doc/rust/licenses"
    if extra.is_dir():
        shutil.copytree(extra, out / "rust-library/licenses", dirs_exist_ok=True, copy_function=shutil.copyfile)


def main():
    out = pathlib.Path(os.environ["MESON_INSTALL_DESTDIR_PREFIX"]) / "share/doc/pharia-kernel/licences"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    copy_wasmtime(out)
    copy_rust_library(out)
    lines = ["Rust crates in pharia-kernel, with their licences. Texts are in the folders; a crate without a text is under the one that is named here.", ""]
    for package in linked_crates():
        name = f"{package['name']}-{package['version']}"
        copy_texts(pathlib.Path(package["manifest_path"]).parent, out / "crates" / name)
        lines.append(f"{name}: {package['license'] or 'see its folder'}")
    (out / "crates.txt").write_text("\n".join(lines) + "\n")


os.umask(0o022)
main()
