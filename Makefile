# make run · make serve · make test [COVERAGE=1] · make check · make test-full [MINUTES=15] [PARTS="tests/githttp soak"] · make soak [MINUTES=60] · make bench [MINUTES=60] · make release VERSION=1.2.3
# make requirements [UPGRADE="flask celery"]

VENV := .venv/bin
export PATH := $(CURDIR)/$(VENV):$(PATH)
# Images of containers often set it; then each process of the tests would compile all of them anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run serve test test-full soak check bench release requirements

run: .venv/runtime static/built/editor.js
	@$(VENV)/python tools/run.py run

serve: .venv/runtime static/built/editor.js
	@$(VENV)/python tools/run.py serve

# With COVERAGE=1 it prints the share of framework/ that runs, and fails below what pyproject.toml says.
test: .venv/development .venv-production/requirements.txt static/built/editor.js
	@tools/install-servers
	@memory=$$(tools/memory-folder); \
	$(VENV)/python -m pytest -n 3 --dist worksteal $(if $(COVERAGE),--cov --cov-report=) \
		$${memory:+--basetemp=$$memory -o tmp_path_retention_policy=failed} && rm -rf $$memory

test-full: .venv/development .venv-production/requirements.txt static/built/editor.js
	@tools/install-servers
	@$(VENV)/python -m tests.full $(if $(MINUTES),--minutes $(MINUTES)) $(PARTS)

soak: .venv/development static/built/editor.js
	@tools/install-servers
	@$(VENV)/python -m tests.soak $(if $(MINUTES),--minutes $(MINUTES))

bench: .venv/development
	@tools/install-servers
	@tools/install-servers benchmarks/peers/packages.txt
	@$(VENV)/python -m benchmarks $(if $(MINUTES),--minutes $(MINUTES))

check: .venv/development
	ruff format --check .
	ruff check .
	mypy
	lint-imports
	python -m tools.limits
	python -m tools.check_javascript
	pip-audit --requirement requirements.txt --require-hashes --disable-pip

# What is pinned stays as it is, but for what UPGRADE names and what a requirements.in has anew.
COMPILE := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--custom-compile-command "make requirements"

requirements: .venv/development
	$(COMPILE) $(UPGRADE:%=--upgrade-package %) requirements.in --output-file requirements.txt
	$(COMPILE) $(UPGRADE:%=--upgrade-package %) requirements-dev.in --output-file requirements-dev.txt

release: .venv/runtime
	@$(VENV)/python tools/release.py $(VERSION)

.venv/runtime: requirements.txt
	@tools/install $< $@

.venv/development: requirements-dev.txt
	@tools/install $< $@

# What production has, so that a test sees what requirements.txt lacks; without pip, which brings packages of its own.
.venv-production/requirements.txt: requirements.txt | .venv
	@cmp -s $< $@ || { echo "Installing $< alone" && rm -rf $(@D) && \
	$(VENV)/python -m venv --without-pip $(@D) && \
	$(VENV)/python -m pip --python $(@D)/bin/python install --quiet --disable-pip-version-check --requirement $< && \
	cp $< $@; }
	@touch $@

static/built/editor.js: tools/build_editor.py tools/node.py $(wildcard tools/editor/*.js*) | .venv
	@echo "Building the editor, the diagrams and the models"
	@$(VENV)/python -m tools.build_editor
