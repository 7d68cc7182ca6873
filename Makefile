# make demo   sets everything up and tunes GRPO on the embedded model family (a few minutes on 2 cores)
# make test   sets everything up, lints, type-checks, builds the documentation and runs all tests
# make docs   builds the documentation into site/ (make pages: rewrites its pages that are made from the code)
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
VERL := .venv-verl
VERL_READY := $(VERL)/.ready
DEMO ?= studies/demo
PYTEST_ARGS ?=
JOBS ?= 2

.PHONY: demo test lint types docs pages bench lock clean

demo: $(READY)
	$(BIN)/rltune run examples/embedded.yaml --name $(notdir $(DEMO)) --output $(dir $(DEMO)) --fresh

test: $(READY) $(VERL_READY) lint types docs
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder --cov=rltune --cov-report=term:skip-covered $(PYTEST_ARGS)

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY)
	$(BIN)/pyright

# Strict: a link or an anchor that leads nowhere, a page that is in no menu, ends it. (--quiet would hide them from --strict, too.)
docs: $(READY)
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

pages: $(READY)
	for page in settings commands command_line rules; do $(BIN)/python docs/$$page.py || exit 1; done

bench: $(READY)
	$(BIN)/python bench/warm_start.py
	$(BIN)/python bench/kill_soak.py
	$(BIN)/python bench/checkpoint_limit.py
	$(BIN)/python bench/node_loss.py
	$(BIN)/python bench/stopping_rules.py
	$(BIN)/python bench/simulated_stops.py
	$(BIN)/python bench/forecast_error.py
	$(BIN)/python bench/curve_speed.py
	$(BIN)/python bench/surrogate.py
	$(BIN)/python bench/transfer_check.py
	$(BIN)/python bench/sensitivity.py
	$(BIN)/python bench/peers/install.py
	$(BIN)/python bench/ask_time.py
	$(BIN)/python bench/optimizers.py run
	$(BIN)/python bench/optimizers.py tell
	$(BIN)/python bench/ablations.py run
	$(BIN)/python bench/ablations.py tell

# The lock pins what is known to work together; the package itself is installed in place.
$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "rltune needs Python 3.11 or newer; name one: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 2; }
	@echo "installing into $(VENV): about a minute"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --upgrade pip
	@$(BIN)/python -m pip install --quiet -r requirements.lock
	@$(BIN)/python -m pip install --quiet --no-deps --editable .
	@touch $(READY)

# verl's own configuration, for the tests that compose it: a few megabytes, no torch.
$(VERL_READY): tests/trainers/verl/requirements.txt
	@echo "installing verl's configuration into $(VERL)"
	@$(PYTHON) -m venv $(VERL)
	@$(VERL)/bin/python -m pip install --quiet --upgrade pip
	@$(VERL)/bin/python -m pip install --quiet --no-deps -r $<
	@touch $@

# Renews the pins from pyproject.toml, in an environment of its own.
lock:
	rm -rf .venv-lock && $(PYTHON) -m venv .venv-lock
	.venv-lock/bin/python -m pip install --quiet torch==2.13.0 '.[trl,ray,postgres,optuna,docs,dev]'
	{ head -1 requirements.lock; .venv-lock/bin/python -m pip freeze --exclude rltune; } | sed 's/^torch==\([0-9.]*\)+cpu/torch==\1/' > .venv-lock/new
	mv .venv-lock/new requirements.lock
	rm -rf .venv-lock

clean:
	rm -rf $(VENV) $(VERL) .venv-lock studies site .pytest_cache .ruff_cache .hypothesis htmlcov
