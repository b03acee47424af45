# make sim    the main job: a trained predistorter on every leg, with real vectors, and a verdict
# make test   the whole test suite
# Both set themselves up: Debian packages where they may (sim/deps.sh), then an environment in .venv.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
DATA   := opendpd==2.4.2

.PHONY: sim test test-all lint bench lock deps clean

sim: $(VENV)/.sim
	@$(BIN)/bittrue sim $(SIM_ARGS)

test: $(VENV)/.test
	$(BIN)/python -m pytest -n 2 -q -m "not heavy" $(TEST_ARGS)

test-all: $(VENV)/.test
	$(BIN)/python -m pytest -n 2 -q $(TEST_ARGS)

lint: $(VENV)/.test
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy python rtl sim

bench: $(VENV)/.test
	$(BIN)/python benchmarks/throughput.py

deps:
	@sh sim/deps.sh $(PYTHON)

# The measured amplifier data is a wheel whose code we do not run: its dependencies stay out.
$(VENV)/.sim: pyproject.toml constraints.txt | deps
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt -e '.[sim]'
	$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps $(DATA)
	@touch $@

$(VENV)/.test: pyproject.toml constraints.txt | $(VENV)/.sim
	@echo "pip may say that opendpd lacks its requirements: only its data is used"
	$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt -e '.[train,sim,formal,synth,dev]'
	@touch $@ $(VENV)/.sim

lock:
	$(PYTHON) -m venv build/lock && build/lock/bin/pip install -q uv
	(sed -n '1,2p' constraints.txt; build/lock/bin/uv pip compile -q --universal --python-version 3.10 --no-header \
	  --no-annotate --extra train --extra sim --extra formal --extra synth --extra dev pyproject.toml \
	  | grep -vE '^(nvidia|cuda|torch|triton|colorama)') > build/constraints.txt
	mv build/constraints.txt constraints.txt

clean:
	rm -rf build
