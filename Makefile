# postread. `make` alone lists the targets; PYTHON=python3.13 takes another interpreter, beside the first.
# Everything is installed under .venv/, from requirements/*.txt and only by hash.

PYTHON ?= python3
UV := uv==0.13.9

# "ok 3.11", or what is wrong with this Python, or nothing where there is none
PROBE := import sys; v = sys.version_info[:2]; found = "%d.%d" % v; \
  venv = (3, 11) <= v <= (3, 13) and __import__("importlib.util").util.find_spec("ensurepip"); \
  print("ok " + found if venv else "it has no venv module, apt-get install python%s-venv" % found if venv is None \
  else "it is Python " + found)
PROBED := $(shell '$(PYTHON)' -c '$(PROBE)' 2>/dev/null)
PYVER := $(if $(filter ok,$(firstword $(PROBED))),$(lastword $(PROBED)))

DEVICE := .venv/$(PYVER)-device
DEV := .venv/$(PYVER)-dev
BUILD := .venv/$(PYVER)-build
LOCK := .venv/$(PYVER)-lock
PIP := -m pip --disable-pip-version-check --no-input -qq
INSTALL := $(PIP) install --only-binary :all: --require-hashes
WHEEL_SOURCES := pyproject.toml README.md LICENSE $(shell find device models ! -name '*.pyc' ! -name __pycache__)

RUN ?= runs/lenet5

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help python demo test lint train convert parity bench wheel lock clean

help: ## list the targets
	@echo 'make TARGET [PYTHON=python3.13] [ARGS="..."]'
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  %-8s %s\n", $$1, $$2 }' Makefile

demo: $(DEVICE)/.installed ## read the sample envelope, in an environment as small as a Raspberry Pi's
	@$(DEVICE)/bin/postread read --annotate build/demo docs/sample/envelope.png

test: $(DEV)/.installed ## run the tests (ARGS go to pytest)
	@$(DEV)/bin/python -m pytest $(ARGS)

lint: $(DEV)/.installed ## ruff, mypy and import-linter
	$(DEV)/bin/python -m ruff check .
	$(DEV)/bin/python -m ruff format --check .
	$(DEV)/bin/python -m mypy
	$(DEV)/bin/lint-imports

train: $(DEV)/.installed ## train LeNet-5 into a folder under runs/ (ARGS go to python -m train)
	@$(DEV)/bin/python -m train $(ARGS)

convert: $(DEV)/.installed ## convert RUN=runs/lenet5 into a bundle in models/ (ARGS go to python -m convert model)
	@$(DEV)/bin/python -m convert model '$(RUN)' $(ARGS)

parity: $(DEV)/.installed ## compare the shipped float32 and int8 networks, down to whole codes (ARGS go to python -m convert parity)
	@$(DEV)/bin/python -m convert parity --out build/parity --update docs/parity.md $(ARGS)

bench: $(DEV)/.installed ## time and score the reader (ARGS go to python -m benchmarks)
	@$(DEV)/bin/python -m benchmarks $(ARGS)

wheel: dist/.built ## build the wheel into dist/
	@ls dist/*.whl

lock: $(LOCK)/.installed ## resolve requirements/*.in again (ARGS=--upgrade takes the newest versions)
	cd requirements && for name in device build tflite dev; do \
	  '../$(LOCK)/bin/uv' pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	    --no-emit-index-url --no-emit-find-links --no-header $(ARGS) $$name.in -o $$name.txt || exit; done

clean: ## remove every environment, build and cache
	rm -rf .venv build dist .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# ── Environments. A stamp is newer than the lock it was installed from; a half-made one has none and is made anew. ──

python:
	@$(if $(PYVER),,$(error postread needs Python 3.11 to 3.13; PYTHON=$(PYTHON) will not do: $(or $(PROBED),it does not run)))

$(DEVICE)/.locked: requirements/device.txt | python
	@echo 'Setting up $(DEVICE): numpy, OpenCV, LiteRT. About a minute, once.' >&2
	@'$(PYTHON)' -m venv --clear $(DEVICE) >&2
	@$(DEVICE)/bin/python $(INSTALL) -r requirements/device.txt >&2
	@touch $@

$(DEVICE)/.installed: $(DEVICE)/.locked dist/.built
	@$(DEVICE)/bin/python $(PIP) install --no-index --no-deps --force-reinstall dist/*.whl >&2
	@touch $@

$(DEV)/.locked: requirements/dev.txt | python
	@echo 'Setting up $(DEV): the device, tensorflow and the tests. A few minutes, once.' >&2
	@'$(PYTHON)' -m venv --clear $(DEV) >&2
	@$(DEV)/bin/python $(INSTALL) -r requirements/dev.txt >&2
	@touch $@

$(DEV)/.installed: $(DEV)/.locked pyproject.toml
	@$(DEV)/bin/python $(PIP) install --no-index --no-deps --no-build-isolation --editable . >&2
	@touch $@

$(BUILD)/.installed: requirements/build.txt | python
	@'$(PYTHON)' -m venv --clear $(BUILD) >&2
	@$(BUILD)/bin/python $(INSTALL) -r requirements/build.txt >&2
	@touch $@

dist/.built: $(WHEEL_SOURCES) | $(BUILD)/.installed
	@rm -rf dist
	@said=$$($(BUILD)/bin/python -m hatchling build -t wheel 2>&1) || { printf '%s\n' "$$said" >&2; exit 1; }
	@touch $@

$(LOCK)/.installed: Makefile | python
	@'$(PYTHON)' -m venv --clear $(LOCK) >&2
	@$(LOCK)/bin/python $(PIP) install --only-binary :all: '$(UV)' >&2
	@touch $@
