# Needs python3 (3.11 or newer), python3-venv and make. `make` alone lists the targets.

PYTHON ?= python3
VENV := .venv
DEMO_VENV := .venv-demo
SAMPLE := samples/chu-valmorand.adsnap
AS_ROOT := $(shell [ "$$(id -u)" = 0 ] || echo sudo --preserve-env)
ARGS :=
WORKERS := 2

.PHONY: help venv demo test lint bench clean

help:
	@echo "make demo    audit a bundled sample and write its HTML report"
	@echo "make venv    development environment in $(VENV); needs gcc and libkrb5-dev, which tests/install.sh installs"
	@echo "make test    installs what they need, then every test, Samba AD DC and Chromium included (ARGS='-k name' for some)"
	@echo "make lint    ruff and mypy"
	@echo "make bench   speed, as ratios within one run"
	@echo "make clean   remove what the other targets made"

define new_venv
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "adaudit needs Python 3.11 or newer; try make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import ensurepip' || { echo "python3-venv is missing: apt install python3-venv"; exit 1; }
	@$(PYTHON) -m venv $(1)
endef

venv: $(VENV)/installed

$(VENV)/installed: pyproject.toml
	$(call new_venv,$(VENV))
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@

demo:
	$(call new_venv,$(DEMO_VENV))
	$(DEMO_VENV)/bin/python -m pip install --quiet --disable-pip-version-check .
	@mkdir -p out
	$(DEMO_VENV)/bin/adaudit audit $(SAMPLE) -o out/demo
	@echo "$(CURDIR)/out/demo/report.html"

test:
	tests/install.sh
	@$(MAKE) --no-print-directory venv
	$(AS_ROOT) $(VENV)/bin/python -m pytest -n $(WORKERS) --dist loadfile $(ARGS)

lint: venv
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy

bench: venv
	@for benchmark in benchmarks/*.py; do echo "== $$benchmark"; $(AS_ROOT) $(VENV)/bin/python $$benchmark || exit 1; done

clean:
	$(AS_ROOT) rm -rf $(VENV) $(DEMO_VENV) .cache .hypothesis .mypy_cache .pytest_cache .ruff_cache build dist out
	$(AS_ROOT) find . -name __pycache__ -type d -prune -exec rm -rf {} +
