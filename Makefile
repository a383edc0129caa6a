# The commands of a checkout, for Linux and macOS. On Windows: pip install . and gan-studio (see README.md).

VENV ?= .venv
PYTHON = $(VENV)/bin/python
PIP_INSTALL = $(PYTHON) -m pip install --quiet --disable-pip-version-check

# The newest Python that works (a name that only asks for another one to be installed does not).
FIND_PYTHON = for candidate in python3.13 python3.12 python3.11 python3 python; do \
	"$$candidate" -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 \
	&& { echo "$$candidate"; exit 0; }; done; exit 1

.DEFAULT_GOAL := help
.PHONY: help run test pytest lint format clean

help: ## list these commands
	@awk 'BEGIN {FS = ":.*## "} /^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

run: $(VENV)/.installed ## open the window (in a terminal without a screen: train there)
	@$(PYTHON) -m gan_studio

test: lint pytest ## everything that must be green: lint, types, import contracts, tests

pytest: $(VENV)/.installed-dev ## the tests alone
	QT_QPA_PLATFORM=offscreen $(PYTHON) -m pytest -n auto --maxprocesses 8

lint: $(VENV)/.installed-dev ## style, format, types and import contracts
	$(PYTHON) -m ruff check
	$(PYTHON) -m ruff format --check
	$(PYTHON) -m mypy
	$(VENV)/bin/lint-imports

format: $(VENV)/.installed-dev ## mend style and format
	$(PYTHON) -m ruff check --fix
	$(PYTHON) -m ruff format

clean: ## remove the environment and the tools' caches
	rm -rf $(VENV) .pytest_cache .ruff_cache .mypy_cache .hypothesis .import_linter_cache

# The stamps are as old as the last installation; a changed pyproject.toml installs again.

$(VENV)/.created:
	@found=$$($(FIND_PYTHON)) || { \
		echo "GAN Studio needs Python 3.11 or newer with venv: install it from python.org or your system's packages" \
		"(Debian and Ubuntu: apt install python3 python3-venv)." >&2; exit 1; }; \
	echo "Making $(VENV) with $$found ..." && "$$found" -m venv $(VENV)
	@touch $@

$(VENV)/.installed: $(VENV)/.created pyproject.toml
	@echo "Installing GAN Studio into $(VENV); the first time takes a few minutes ..."
	@$(PIP_INSTALL) -e '.[tensorboard,video]'
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.created pyproject.toml
	@echo "Installing GAN Studio and its development tools into $(VENV); the first time takes a few minutes ..."
	@$(PIP_INSTALL) -e '.[dev]'
	@touch $(VENV)/.installed $@
