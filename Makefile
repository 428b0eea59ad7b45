# make run · make test · make check · make bench · make crash · make crowd · make mutations

VENV := .venv/bin
export PATH := $(CURDIR)/$(VENV):$(PATH)

.PHONY: run test check bench crash crowd mutations

run: .venv/runtime static/built/editor.js
	@$(VENV)/python tools/run.py

test: .venv/development static/built/editor.js
	@tools/install-servers
	@$(VENV)/python -m pytest -n 2

bench: .venv/development
	@tools/install-servers
	@$(VENV)/python -m benchmarks

mutations: .venv/development
	@$(VENV)/python -m tests.mutations

crash: .venv/development
	@$(VENV)/python -m tests.crash.run --pairs 10000

crowd: .venv/development
	@CROWD_WAIT_SECONDS=20 $(VENV)/python -m pytest -s tests/api/test_crowd.py

check: .venv/development
	ruff format --check .
	ruff check .
	mypy
	lint-imports
	pip-audit --requirement requirements.txt --no-deps --disable-pip

.venv/runtime: requirements.txt
	@tools/install $< $@

.venv/development: requirements-dev.txt requirements.txt
	@tools/install $< $@

static/built/editor.js: tools/build_editor.py $(wildcard tools/editor/*) | .venv
	@echo "Building the editor"
	@$(VENV)/python tools/build_editor.py
