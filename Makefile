# make sim    the main job: a trained predistorter on every leg, with real vectors, and a verdict
# make test   the whole test suite
# make demo   the PYNQ demo on the simulated board; NET=weights/ecg-tiny heartbeats, NET= a noise source noise, NET= a
#             radio net maps
# make test-mutants    mutmut breaks the core everywhere, and its tests must notice (hours)
# make docs   the documentation as a site, build/site/index.html
# make timing estimated clocks of the committed nets, by layer (docs/timing.md)
# make vivado_pynq NET=weights/tdnn-thermal INTERVAL=16 CLOCK_MHZ=200    the overlay for the PYNQ-Z1, with Vivado
# All set themselves up: Debian packages where they may (sim/deps.sh), then an environment in .venv. What uses pynq has
# one of its own, .venv-board, because pynq needs numpy < 2.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
BOARD  := .venv-board
DATA   := opendpd==2.4.2
EXTRAS := train,sim,ecg,noise,radio,max78002,qonnx,formal,synth,docs,dev
COMMA  := ,

# Of vivado_pynq and demo: net folders (a weight bank each, or one folder of them), clocks a sample (else what bittrue
# overlay chooses), clock of the net, whether the overlay drives the HDMI connector (demo always does), folder to write.
NET       ?= weights/tdnn-thermal
INTERVAL  ?= $(if $(findstring tdnn,$(NET)),16)
CLOCK_MHZ ?= 200
HDMI      ?=
OVERLAY   ?= build/vivado

.PHONY: sim demo vivado_pynq test test-all test-mutants coverage wheel board-or-not docs lint bench timing lock deps deps-test clean

sim: $(VENV)/.sim
	@$(BIN)/bittrue sim $(SIM_ARGS)

vivado_pynq: $(VENV)/.sim
	@$(BIN)/bittrue overlay $(NET) -o $(OVERLAY) $(if $(INTERVAL),--interval $(INTERVAL)) --clock $(CLOCK_MHZ) $(if $(HDMI),--hdmi) --build

demo: $(VENV)/.sim $(BOARD)/.done $(if $(findstring ecg,$(NET)),$(VENV)/.ecg) $(if $(findstring radio,$(NET)),$(VENV)/.radio)
	@rm -rf build/demo
	@$(BIN)/bittrue overlay $(NET) -o build/demo --simulated --hdmi $(if $(INTERVAL),--interval $(INTERVAL)) --clock $(CLOCK_MHZ)
	@$(BIN)/bittrue demo-data $(NET) -o build/demo/overlay $(DATA_ARGS)
	@$(BOARD)/bin/bittrue demo --display none --output build/demo/demo.gif $(DEMO_ARGS)

test: $(VENV)/.test board-or-not
	$(BIN)/python -m pytest -n 2 --dist worksteal -q -rs -m "not heavy" $(TEST_ARGS)

test-all: $(VENV)/.test board-or-not
	$(BIN)/python -m pytest -n 2 --dist worksteal -q -rs $(TEST_ARGS)

# Hours for the core; MUTANTS='bittrue.num.requantise*' for a part.
test-mutants: $(VENV)/.test
	$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt -e '.[mutants]'
	$(BIN)/python tests/mutation/breadth.py $(MUTANTS)

coverage: $(VENV)/.test board-or-not
	$(BIN)/python -m pytest -n 2 --dist worksteal -q -m "not heavy" --cov --cov-report=term --cov-report=html:build/coverage $(TEST_ARGS)

wheel: $(VENV)/.test
	$(BIN)/python -m hatchling build -t wheel -d dist

docs: $(VENV)/.test
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build
	@echo "the documentation: build/site/index.html; with search: $(BIN)/python -m http.server -d build/site"

lint: $(VENV)/.test
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy python rtl sim firmware

bench: $(VENV)/.test
	$(BIN)/python benchmarks/throughput.py

timing: $(VENV)/.test
	$(BIN)/python benchmarks/timing.py $(TIMING_ARGS)

deps:
	@sh sim/deps.sh $(PYTHON)

deps-test:
	@sh sim/deps.sh $(PYTHON) test

# The measured amplifier data is a wheel whose code we do not run: its dependencies stay out.
$(VENV)/.sim: pyproject.toml constraints.txt | deps
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt -e '.[sim]'
	$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps $(DATA)
	@touch $@

# Reads recorded heartbeats.
$(VENV)/.ecg: pyproject.toml constraints.txt | $(VENV)/.sim
	$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt -e '.[sim,ecg]'
	@touch $@

$(VENV)/.test: pyproject.toml constraints.txt | deps-test $(VENV)/.sim
	@echo "pip may say that opendpd lacks its requirements: only its data is used"
	$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt -e '.[$(EXTRAS)]'
	@touch $@ $(VENV)/.sim

# Makes synthetic cities and their radio maps.
$(VENV)/.radio: pyproject.toml constraints.txt | $(VENV)/.sim
	$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt -e '.[sim,radio]'
	@touch $@

# pynq 3.1.2 and what it pins have wheels for Python 3.10 to 3.12.
$(BOARD)/.done: pyproject.toml constraints-board.txt | deps
	@test -x $(BOARD)/bin/python || $(PYTHON) -m venv $(BOARD)
	$(BOARD)/bin/python -m pip install -q --disable-pip-version-check -c constraints-board.txt -e '.[virtual-board]'
	@touch $@

# The tests of driver, board and demo are skipped, with the reason, where pynq cannot be installed.
board-or-not:
	@$(MAKE) -s $(BOARD)/.done || echo "make: no environment with pynq ($(BOARD)); the tests that need it are skipped"

lock:
	$(PYTHON) -m venv build/lock && build/lock/bin/pip install -q uv
	(sed -n '1,3p' constraints.txt; build/lock/bin/uv pip compile -q --universal --python-version 3.10 --no-header \
	  --no-annotate $(foreach name,$(subst $(COMMA), ,$(EXTRAS)) scale mutants,--extra $(name)) pyproject.toml \
	  | grep -vE '^(nvidia|cuda|torch|triton|colorama)') > build/constraints.txt
	mv build/constraints.txt constraints.txt
	(sed -n '1p' constraints-board.txt; build/lock/bin/uv pip compile -q --universal --python-version 3.10 --no-header \
	  --no-annotate --extra virtual-board pyproject.toml) > build/constraints-board.txt
	mv build/constraints-board.txt constraints-board.txt

clean:
	rm -rf build
