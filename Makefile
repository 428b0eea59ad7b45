# make run · make test · make check · make bench · make crash · make mutations

VENV := .venv/bin
export PATH := $(CURDIR)/$(VENV):$(PATH)

.PHONY: run test check bench crash mutations

run: .venv/runtime
	@$(VENV)/python tools/run.py

test: .venv/development
	@tools/install-servers
	@$(VENV)/python -m pytest -n 2

bench: .venv/development
	@$(VENV)/python -m benchmarks

mutations: .venv/development
	@$(VENV)/python -m tests.mutations

crash: .venv/development
	@$(VENV)/python -m tests.crash.run --pairs 10000

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
