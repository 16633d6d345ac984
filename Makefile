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
TFLITE := .venv/3.11-tflite
AARCH64 := .venv/aarch64
TRIXIE := .venv/aarch64-trixie
CAMERA := .venv/camera
CAMERA_ROOT := $(CAMERA)/root
PYTHON311 := $(if $(filter 3.11,$(PYVER)),$(PYTHON),python3.11)
PIP := -m pip --disable-pip-version-check --no-input -qq
INSTALL := $(PIP) install --only-binary :all: --require-hashes
WHEEL_SOURCES := pyproject.toml README.md LICENSE $(shell find device models ! -name '*.pyc' ! -name __pycache__)

RUN ?= runs/lenet5
CROPS ?= corrections
NAME ?= mine

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help python demo test lint train convert parity bench aarch64 graphs camera kills ray-proof memory scale soak pi-bundle wheel lock clean

help: ## list the targets
	@echo 'make TARGET [PYTHON=python3.13] [ARGS="..."]'
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  %-9s %s\n", $$1, $$2 }' Makefile

demo: $(DEVICE)/.installed ## read the sample envelope, in an environment as small as a Raspberry Pi's
	@$(DEVICE)/bin/postread read --annotate build/demo docs/sample/envelope.png

# A file's tests share what they set up, so a file stays in one process; four processes of TensorFlow fill 4 GB.
test: $(DEV)/.installed ## run the tests, on every core up to four (ARGS go to pytest; -n 0 takes one process)
	@$(DEV)/bin/python -m pytest -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder $(ARGS)

lint: $(DEV)/.installed ## ruff, mypy and import-linter
	$(DEV)/bin/python -m ruff check .
	$(DEV)/bin/python -m ruff format --check .
	$(DEV)/bin/python -m mypy
	$(DEV)/bin/lint-imports

train: $(DEV)/.installed ## train LeNet-5 into a folder under runs/ (ARGS go to python -m train)
	@$(DEV)/bin/python -m train $(ARGS)

fine-tune: $(DEV)/.installed ## go on with the shipped networks on labelled CROPS=folder, into a bundle NAME=mine
	@$(DEV)/bin/python -m train --fine-tune '$(CROPS)' --name '$(NAME)' $(ARGS)
	@$(DEV)/bin/python -m convert model 'runs/$(NAME)' --name '$(NAME)'

convert: $(DEV)/.installed ## convert RUN=runs/lenet5 into a bundle in models/ (ARGS go to python -m convert model)
	@$(DEV)/bin/python -m convert model '$(RUN)' $(ARGS)

parity: $(DEV)/.installed ## compare the shipped float32 and int8 networks, down to whole codes (ARGS go to python -m convert parity)
	@$(DEV)/bin/python -m convert parity --out build/parity --update docs/parity.md $(ARGS)

reproduce: $(DEV)/.installed ## make the shipped bundle again and compare, in hours (ARGS=--quick: in a minute, from its Keras networks)
	@$(DEV)/bin/python -m convert reproduce $(ARGS)

bench: $(DEV)/.installed ## time and score the reader (ARGS go to python -m benchmarks)
	@$(DEV)/bin/python -m benchmarks $(ARGS)

aarch64: $(DEV)/.installed $(TFLITE)/.installed $(AARCH64)/.installed ## hold every runtime, on a Pi's processors too, to the same answers
	@$(DEV)/bin/python -m benchmarks matrix $(ARGS)

graphs: $(DEV)/.installed $(AARCH64)/.installed ## hold the fast graph to the plain one: answers, time, instructions on a Pi's processors
	@$(DEV)/bin/python -m benchmarks graphs --equal --emulated $(ARGS)

camera: $(DEV)/.installed $(CAMERA)/.installed ## look through the real picamera2, on libcamera's virtual camera
	@$(DEV)/bin/python -m pytest tests/device/camera/test_virtual.py $(ARGS)

kills: $(DEV)/.installed ## kill postread batch fifty times at random moments, and look that nothing is lost
	@POSTREAD_KILLS=50 $(DEV)/bin/python -m pytest tests/device/batch/test_killed.py $(ARGS)

ray-proof: $(DEV)/.installed ## hold --engine ray to the local engine on a thousand pages of a folder and of S3, while parts of it are killed
	@POSTREAD_RAY_PAGES=1000 $(DEV)/bin/python -m pytest tests/device/batch/test_ray.py tests/device/batch/test_ray_crew.py $(ARGS)

memory: $(DEV)/.installed ## the memory of two workers over 20,000 pages of 300 dpi: half an hour or so
	@$(DEV)/bin/python -m benchmarks pile --count 500 --sample 10 --pages 20000 --workers 2 $(ARGS)

scale: $(DEV)/.installed ## measure what a page costs, and what a hundred million a day would: docs/scale.md
	@$(DEV)/bin/python -m benchmarks scale --write docs/scale.md $(ARGS)

soak: $(DEV)/.installed ## watch for 50,000 frames, kill it 200 times, and read three films: an hour or so
	@POSTREAD_FRAMES=50000 POSTREAD_KILLS=200 $(DEV)/bin/python -m pytest tests/device/watch/test_soak.py \
	  tests/device/outputs/test_killed.py tests/device/outputs/test_delivery.py $(ARGS)
	@$(DEV)/bin/python -m benchmarks.films --seed 1 --seed 2 --seed 3

pi-bundle: dist/.built ## one archive each for Raspberry Pi OS bookworm and trixie, into dist/ (ARGS="--suite trixie")
	@$(BUILD)/bin/python -m deploy $(ARGS)

wheel: dist/.built ## build the wheel into dist/
	@ls dist/*.whl

lock: $(LOCK)/.installed ## resolve requirements/*.in again (ARGS=--upgrade takes the newest versions)
	cd requirements && for name in device build tflite dev; do \
	  '../$(LOCK)/bin/uv' pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	    --no-emit-index-url --no-emit-find-links --no-header $(ARGS) $$name.in -o $$name.txt || exit; done
	cd requirements && for pi in bookworm:3.11:36 trixie:3.13:40; do suite=$${pi%%:*} glibc=$${pi##*:} python=$${pi#*:}; \
	  '../$(LOCK)/bin/uv' pip compile --quiet --python-version $${python%:*} \
	    --python-platform aarch64-manylinux_2_$$glibc --generate-hashes --no-emit-index-url --no-emit-find-links \
	    --no-header $(ARGS) pi-$$suite.in -o pi-$$suite.txt || exit; done
	cd requirements && '../$(LOCK)/bin/uv' pip compile --quiet --no-deps --python-version 3.13 --python-platform \
	  x86_64-manylinux_2_28 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header $(ARGS) \
	  camera.in -o camera.txt

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

# ── For `make aarch64` and `make graphs`: the older runtime, which needs Python 3.11, and what Debian and others have
# for aarch64. Debian's qemu-user runs it. ──

$(TFLITE)/.installed: requirements/tflite.txt
	@echo 'Setting up $(TFLITE): numpy, OpenCV, tflite-runtime. About a minute, once.' >&2
	@'$(PYTHON311)' -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || \
	  { echo 'tflite-runtime needs Python 3.11, and $(PYTHON311) is not: give PYTHON=python3.11' >&2; exit 1; }
	@'$(PYTHON311)' -m venv --clear $(TFLITE) >&2
	@$(TFLITE)/bin/python $(INSTALL) -r requirements/tflite.txt >&2
	@touch $@

$(AARCH64)/.root: benchmarks/aarch64/root.sh benchmarks/userland.sh $(wildcard benchmarks/aarch64/*.cpuinfo)
	@echo 'Setting up $(AARCH64): Python, numpy, OpenCV and both runtimes for aarch64. Some minutes, once.' >&2
	@benchmarks/aarch64/root.sh $(AARCH64)
	@touch $@

$(TRIXIE)/.root: $(AARCH64)/.root
	@echo 'Setting up $(TRIXIE): Python 3.13 for aarch64. A minute, once.' >&2
	@benchmarks/aarch64/root.sh $(TRIXIE) trixie 3.13
	@touch $@

# Wheels whose glibc is at most bookworm's; Python 3.11's own pip, since it looks at its own version for conditions.
FOR_AARCH64 := --platform manylinux2014_aarch64 $(foreach n,17 24 27 28 31 34 36,--platform manylinux_2_$(n)_aarch64) \
  --python-version 3.11 --implementation cp --abi cp311 --abi abi3 --abi none

$(AARCH64)/litert/.installed: requirements/device.txt
$(AARCH64)/tflite-runtime/.installed: requirements/tflite.txt
$(AARCH64)/%/.installed: $(TFLITE)/.installed
	@rm -rf $(@D)
	@$(TFLITE)/bin/python $(INSTALL) --target $(@D) $(FOR_AARCH64) -r $(filter requirements/%,$^) >&2
	@touch $@

$(AARCH64)/count.so: benchmarks/aarch64/count.c
	@mkdir -p $(@D)
	@$(CC) -std=c11 -O2 -Wall -Wextra -Werror -shared -fPIC -fvisibility=hidden -o $@ $<

$(AARCH64)/.installed: $(AARCH64)/.root $(TRIXIE)/.root $(AARCH64)/litert/.installed $(AARCH64)/tflite-runtime/.installed $(AARCH64)/count.so
	@touch $@

# ── For `make camera`: Python, libcamera and picamera2 as they are on Raspberry Pi OS trixie, for this machine's own
# processor (x86-64). Debian's bubblewrap starts them. ──

$(CAMERA)/.root: benchmarks/userland.sh
	@echo 'Setting up $(CAMERA): Debian trixie with Python 3.13, libcamera and picamera2. A minute, once.' >&2
	@mkdir -p $(@D)
	@benchmarks/userland.sh $(CAMERA_ROOT) amd64 trixie base-files python3 python3-libcamera python3-prctl
	@mkdir -p $(addprefix $(CAMERA_ROOT)/,frames kept opt/site postread rig usr/share/libcamera/pipeline/virtual)
	@touch $@

FOR_CAMERA := --platform manylinux2014_x86_64 $(foreach n,17 24 27 28 31 34,--platform manylinux_2_$(n)_x86_64) \
  --python-version 3.13 --implementation cp --abi cp313 --abi abi3 --abi none

$(CAMERA)/.installed: $(CAMERA)/.root requirements/device.txt requirements/camera.txt \
  tests/device/camera/virtual/dma_heap.c tests/device/camera/virtual/virtual.yaml | $(DEV)/.locked
	@rm -rf $(CAMERA_ROOT)/opt/site
	@$(DEV)/bin/python $(INSTALL) --no-deps --target $(CAMERA_ROOT)/opt/site $(FOR_CAMERA) \
	  -r requirements/device.txt -r requirements/camera.txt >&2
	@$(CC) -std=c11 -O2 -Wall -Wextra -Werror -shared -fPIC -o $(CAMERA_ROOT)/opt/dma_heap.so \
	  tests/device/camera/virtual/dma_heap.c
	@cp tests/device/camera/virtual/virtual.yaml $(CAMERA_ROOT)/usr/share/libcamera/pipeline/virtual/
	@touch $@
