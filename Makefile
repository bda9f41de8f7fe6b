# SPDX-License-Identifier: Apache-2.0
# Two commands are enough: `make demo` and `make test`. `make help` lists the rest.

SHELL := /bin/bash
.DEFAULT_GOAL := help
export PATH := $(CURDIR)/.venv/bin:$(PATH)
export ASTRO_TELEMETRY_DISABLED := 1
unexport PYTHONDONTWRITEBYTECODE

PIP_COMPILE := pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras \
	--no-emit-index-url --no-emit-find-links --no-emit-trusted-host
LOCK := $(PIP_COMPILE) --extra exchange --extra partner --extra build
PYTHON ?= $(shell command -v python3.11 || command -v python3)
# Without a browser, a database's server, and what is built or installed to compare with.
UNIT_TESTS := tests/wire tests/ledger tests/matching tests/kernel tests/fingerprint tests/fingerprint_exact tests/client tests/house \
	--ignore=tests/kernel/test_vectors_chromium.py --ignore=tests/fingerprint/test_same_as_pdqhash.py
KERNEL_CODE := $(shell find kernel -name '*.c' -o -name '*.h')
KERNEL_SOURCES := CMakeLists.txt pyproject.toml $(KERNEL_CODE)
PORTAL_SOURCES := $(shell find portal/src portal/public content kernel/bindings/wasm -type f 2>/dev/null) \
	$(wildcard portal/*.json portal/*.mjs portal/*.ts portal/offline/* portal/after_build/*)

.PHONY: help demo setup-quick quick test test-long check format check-python check-portal check-content bench fuzz lock wasm wheel clean

help: ## list the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 20

demo: .build/kernel .build/portal ## run the main job on a real photograph, then leave everything running (DEMO_EXIT=1: stop at the end)
	stillmine demo $(if $(DEMO_EXIT),--exit)

setup-quick: .build/python-dev .build/kernel ## what lint and unit tests need: no browser, g++, fonts, root or Debian

quick: setup-quick check-python ## lint, types, boundaries and the unit tests, in minutes; for one test: pytest tests/wire/test_codec.py
	pytest $(UNIT_TESTS)

test: .build/python-compare .build/peers .build/kernel .build/portal check ## all tests, on SQLite, PostgreSQL and in Chromium
	cd portal && npm run --silent test
	bash tools/run_tests.sh

test-long: .build/python-compare .build/python-ray .build/machine-store .build/kernel .build/portal ## the slower suites; PART=attacks: one folder of them
	pytest -m long $(if $(PART),tests/$(PART))

check: .build/python-dev .build/kernel .build/portal ## lint, types, boundaries, content
	@$(MAKE) --no-print-directory --output-sync --jobs=2 check-python check-portal

check-python: .build/python-dev .build/kernel
	ruff check .
	ruff format --check .
	clang-format --dry-run --Werror $(KERNEL_CODE)
	mypy
	lint-imports
	python tools/openapi.py --check

format: .build/python-dev ## lay out Python and C as the checks want them
	ruff format .
	clang-format -i $(KERNEL_CODE)

check-portal: .build/python-dev .build/portal
	cd portal && npm run --silent check
	python tools/check_content.py

check-content: .build/python-dev .build/portal ## words, facts, sources, reviews and links of content/ (part of check)
	python tools/check_content.py

bench: .build/python-compare .build/peers .build/kernel ## measure against the named peers, in one run
	python bench/fingerprint.py
	python bench/matching.py
	python bench/partner.py

fuzz: .build/python-dev .build/kernel ## fuzz kernel and decoders, 15 minutes each (docs/security-testing.md says what it needs)
	python tools/fuzz/run.py

wasm: .build/python-dev ## rebuild the committed WASM (tests compare its bytes)
	python tools/build_wasm.py

wheel: .build/kernel ## build the package with its compiled kernel into dist/; installing it needs no compiler
	.venv/bin/pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation --wheel-dir dist .
	@ls dist/stillmine-*.whl

lock: .build/python-dev ## renew the five locks from pyproject.toml and requirements-*.in
	$(LOCK) --upgrade --output-file requirements.lock pyproject.toml
	$(LOCK) --upgrade --extra dev --extra s3 --constraint requirements.lock --output-file requirements-dev.lock pyproject.toml
	$(PIP_COMPILE) --upgrade --constraint requirements-dev.lock --output-file requirements-ray.lock requirements-ray.in
	$(PIP_COMPILE) --upgrade --constraint requirements-dev.lock --output-file requirements-compare.lock requirements-compare.in
	$(PIP_COMPILE) --upgrade --constraint requirements-dev.lock --no-build-isolation --output-file requirements-peers.lock requirements-peers.in

clean: ## remove everything that was built or installed here
	rm -rf .venv .build build dist portal/node_modules portal/dist portal/.astro

# What follows runs once, and again only when its inputs change.

.build/machine: tools/prepare_machine.sh
	@mkdir -p .build
	bash tools/prepare_machine.sh build "$(PYTHON)"
	@touch $@

.build/machine-test: tools/prepare_machine.sh
	@mkdir -p .build
	bash tools/prepare_machine.sh test "$(PYTHON)"
	@touch $@

# Left out where it can't be installed: what needs it is skipped, with a sentence.
.build/machine-store: tools/prepare_machine.sh
	@mkdir -p .build
	@bash tools/prepare_machine.sh store "$(PYTHON)" && touch $@ || true

.build/python: requirements.lock | .build/machine
	test -x .venv/bin/pip || "$(PYTHON)" -m venv .venv
	.venv/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@touch $@

.build/python-dev: requirements-dev.lock .build/python
	.venv/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

.build/python-compare: requirements-compare.lock .build/python-dev | .build/machine-test
	.venv/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-compare.lock
	@touch $@

.build/python-ray: requirements-ray.lock .build/python-dev
	.venv/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-ray.lock
	@touch $@

# Left out, in one sentence, where its headers can't be installed: the next run asks again.
.build/peers: requirements-peers.lock tools/prepare_peers.sh .build/python-compare
	@bash tools/prepare_peers.sh || { test $$? -eq 1 && exit 0; exit 2; } && \
	.venv/bin/pip install --quiet --disable-pip-version-check --require-hashes --no-build-isolation -r requirements-peers.lock && touch $@

# A warning stops the build of those who change the kernel; another compiler's new warning doesn't stop those who install it.
test test-long check check-python fuzz: KERNEL_BUILD := -C cmake.define.STILLMINE_WARNINGS_ARE_ERRORS=ON

.build/kernel: $(KERNEL_SOURCES) .build/python
	.venv/bin/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation $(KERNEL_BUILD) -e .
	@touch $@

.build/node-modules: portal/package-lock.json | .build/python
	cd portal && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

.build/portal: $(PORTAL_SOURCES) .build/node-modules
	cd portal && npm run --silent build
	@touch $@
