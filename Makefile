# The front door. Everything it calls says what it does; each target can be run again at once.
#   make demo    install what is missing, build, run the sample skills, print a table
#   make test    build and run every test
#   make install PREFIX=/usr/local   put programs, library and licences there, for any user (DESTDIR for packages)
#   make bench   print measured figures beside their targets; AGAINST=path/to/another/pharia-kernel measures that one in turns, ONLY=throughput one part
#   make soak    long fuzzing: half an hour for each target
#   make help    all targets
.PHONY: help setup build install skills demo test unit e2e judge bench soak asan tsan fuzz format format-check lint dependencies clean

SHELL := /bin/bash
export PATH := $(shell tools/paths.sh)
BUILD ?= build
T := tools/step.sh

help:
	@sed -n 's/^#   //p' Makefile; echo "make unit|e2e|judge|asan|tsan|fuzz|format|format-check|lint|dependencies|clean: single steps"

setup:
	@tools/setup.sh

build: setup
	@tools/build.sh release

install: build
	@PREFIX='$(PREFIX)' DESTDIR='$(DESTDIR)' tools/install.sh

skills: build
	@skills/build.sh

demo: skills
	@tools/python.sh tools/demo.py --kernel $(BUILD)/release/src/kernel/pharia-kernel --eval $(BUILD)/release/src/eval/resource-eval --folder $(BUILD)/demo

test: unit e2e judge

unit: build
	@tools/build.sh release test

e2e: skills
	@skills/build.sh sample_js_all sample_c_w02 sample_c_w04 sample_c_w05
	@$(T) "end-to-end tests" tools/python.sh -m pytest -q tests/e2e

judge: skills
	@$(T) "random components against Wasmtime's component implementation" tools/python.sh -m pytest -q tests/judge

bench: skills
	@tools/python.sh tests/bench/bench.py --kernel $(BUILD)/release/src/kernel/pharia-kernel $(if $(AGAINST),--against $(AGAINST)) $(if $(ONLY),--only $(ONLY))

asan tsan: setup
	@tools/build.sh $@ test

fuzz: setup
	@tools/fuzz.sh $${SECONDS_EACH:-60}

soak: setup
	@tools/fuzz.sh $${SECONDS_EACH:-1800}

format: setup
	@git ls-files '*.c' '*.h' | xargs clang-format-14 -i

format-check: setup
	@$(T) "format" tools/format_check.sh

lint: setup
	@$(T) "clang-tidy" tools/lint.sh

dependencies:
	@$(T) "directions of dependencies" tools/check_dependencies.py

clean:
	rm -rf $(BUILD)
