# make run · make test · make check · make crash

VENV := .venv/bin
export PATH := $(CURDIR)/$(VENV):$(PATH)

.PHONY: run test check crash

run: .venv/runtime
	@$(VENV)/python tools/run.py

test: .venv/development
	@tools/install-servers
	@$(VENV)/python -m pytest -n 2

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
