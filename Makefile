# The developer's front door. `make demo` and `make test` are all that a newcomer needs.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: demo test test-slow interop lint types layers unit format clean

demo: .venv/.sparring ## train on the embedded digits, about a minute on two free cores; open runs/demo/report.html
	rm -rf runs/demo
	$(BIN)/sparring train dcgan --data digits --name demo --seed 1 --images 60000 record.samples=5000

test: lint types layers unit ## everything that CI runs

lint: .venv/.development
	$(BIN)/ruff check src tests benchmarks examples
	$(BIN)/ruff format --check src tests benchmarks examples

types: .venv/.development
	$(BIN)/mypy

layers: .venv/.development
	$(BIN)/lint-imports

unit: .venv/.development
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2

test-slow: .venv/.development ## tests that take minutes
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 -m slow

INTEROP := build/interop

interop: .venv/.development $(INTEROP)/.installed ## our metrics beside torch-fidelity's, which stays out of .venv
	OMP_NUM_THREADS=2 PYTHONPATH=$(INTEROP) $(BIN)/python -m pytest -m interop tests/interop

$(INTEROP)/.installed: Makefile
	$(PIP) --target $(INTEROP) --upgrade --no-deps torchvision==0.28.0 torch-fidelity==0.4.0 tqdm==4.67.1
	touch $@

format: .venv/.development
	$(BIN)/ruff check --fix src tests benchmarks examples
	$(BIN)/ruff format src tests benchmarks examples

clean: ## everything that was made, runs excepted
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache dist build

# torch first, by its exact version: whatever pip would find for a range is gigabytes of CUDA
.venv/.sparring: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "installing, with the versions of constraints.txt ..."
	$(PIP) "$$(grep '^torch==' constraints.txt)"
	$(PIP) --editable .
	touch $@

.venv/.development: .venv/.sparring
	$(PIP) --editable '.[dev]'
	touch $@
