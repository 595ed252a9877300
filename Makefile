# Needs only make and Python 3.10 to 3.14 with the venv module; each target installs what it uses.

VENV        ?= .venv
VENV_NEWEST ?= .venv-newest
VENV_AGILERL ?= .venv-agilerl

# Passed on to the tools: make test PYTEST_FLAGS="-x -k warehouse", make demo DEMO_FLAGS="--seed 1"
PIP_FLAGS    ?=
PYTEST_FLAGS ?=
MUTANT_FLAGS ?=
# Of each target of make fuzz; FUZZ_FLAGS="masks" chooses one.
FUZZ_SECONDS ?= 60
FUZZ_FLAGS   ?=
# One environment: make test ID=MaskedCartPole-v0
ID           ?=
WORKERS      ?= 2
DEMO_ENV     ?= MaskedCartPole-v0
DEMO_DIR     ?= runs/demo
DEMO_FLAGS   ?=
BENCH        ?= benchmarks/run.py
BENCH_FLAGS  ?=

# What each installation adds to the package's own dependencies.
EXTRAS_demo  := torch,gif
EXTRAS_test  := dev,torch,gif,peers,rllib,onnx,external,tianshou,torchrl,skrl,jax,dm-env,open-spiel,minari
# In an environment of their own, with versions that the others do not take.
EXTRAS_agilerl := dev,torch,agilerl,rl-games,d3rlpy,minari
EXTRAS_fuzz  := dev,torch,fuzz
EXTRAS_docs  := docs
EXTRAS_site  := dev,docs
EXTRAS_dist  := dist
EXTRAS_field := dev,torch,rllib,field
EXTRAS_bench := bench,torch,sb3,tianshou,torchrl,skrl,jax

# What is tested where AgileRL is.
AGILERL = tests/adapters/test_contract.py tests/adapters/test_rl_games.py tests/house/test_docs.py

# The files with core tests: collecting all others takes longer than running these.
CORE = $(shell grep -rl --include='test_*.py' 'mark\.core' tests)

# The Python that makes the environments: the first that really runs (a version manager's stub may exist and fail),
# is a tested version, and can make an environment. Choose another with `make PYTHON=/path/to/python`.
CANDIDATES := python3 python3.12 python3.11 python3.13 python3.10 python3.14
TESTED     := import sys, venv, ensurepip; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 14))
USABLE     := import sys, venv, ensurepip; sys.exit(sys.version_info[:2] < (3, 10))
PYTHON      = $(shell for p in $(CANDIDATES); do if $$p -c '$(TESTED)' >/dev/null 2>&1; then echo $$p; break; fi; done)

BIN := $(VENV)/bin
CREATED := $(VENV)/.created $(VENV_NEWEST)/.created $(VENV_AGILERL)/.created

# Tests, lint, docs and demo open no window.
SDL_VIDEODRIVER ?= dummy
MPLBACKEND      ?= Agg
export SDL_VIDEODRIVER MPLBACKEND

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help demo test test-main test-newest test-long test-field test-agilerl test-site mutants fuzz lint format dist docs bench clean clean-all check-python

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' Makefile

demo: $(VENV)/.installed-demo ## train PPO with and without its mask, for a minute; curves and GIF in runs/demo
	$(BIN)/python -m agents.ppo_torch --env $(DEMO_ENV) --demo $(DEMO_DIR) $(DEMO_FLAGS)

ifeq ($(ID),)
test: lint test-main test-newest ## lint, all tests, the core tests on the newest Gymnasium; with ID=MaskedX-v0 the tests of that id alone
else
test: $(VENV)/.installed-test
	$(BIN)/python -m pytest --id $(ID) $(PYTEST_FLAGS)
endif

test-main: $(VENV)/.installed-test ## the test suite alone
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal $(PYTEST_FLAGS)

test-newest: $(VENV_NEWEST)/.installed ## the core tests on the newest Gymnasium, without torch
	@$(VENV_NEWEST)/bin/python -c 'import gymnasium; print("Gymnasium", gymnasium.__version__)'
	$(VENV_NEWEST)/bin/python -m pytest -n $(WORKERS) --dist worksteal -m "core and not once and not long" $(CORE) $(PYTEST_FLAGS)

test-long: $(VENV)/.installed-test ## the tests that take minutes: everything with everything, and training runs
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal -m long $(PYTEST_FLAGS)

test-field: $(VENV)/.installed-field ## the checker on what other packages ship (docs/field_report.md)
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal -m "long or not long" tests/house/test_field_report.py $(PYTEST_FLAGS)

test-agilerl: $(VENV_AGILERL)/.installed ## AgileRL, rl_games and d3rlpy, which need an environment of their own
	$(VENV_AGILERL)/bin/python -m pytest $(AGILERL) -k "rl_games or agilerl or offline" $(PYTEST_FLAGS)

mutants: $(VENV)/.installed-test ## break the code on purpose, one place at a time, and report which test notices
	$(BIN)/python -m tests.mutation $(MUTANT_FLAGS)

fuzz: $(VENV)/.installed-fuzz ## search for bytes that break a reader of masks, states or checkpoints
	$(BIN)/python -m tests.fuzz --seconds $(FUZZ_SECONDS) $(FUZZ_FLAGS)

lint: $(VENV)/.installed-test ## ruff and mypy
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m mypy

format: $(VENV)/.installed-test ## format the code and mend what ruff can mend
	$(BIN)/python -m ruff check --fix .
	$(BIN)/python -m ruff format .

dist: $(VENV)/.installed-dist ## build the package, check it, install it in an environment of its own, and try it there
	rm -rf dist $(VENV)-dist
	$(BIN)/python -m build
	$(BIN)/python -m twine check --strict dist/*
	"$(PYTHON)" -m venv $(VENV)-dist
	$(VENV)-dist/bin/python -m pip install $(PIP_FLAGS) --quiet "$$(ls dist/*.whl)[gif]"
	cd dist && PYTHONPATH= $(abspath $(VENV)-dist)/bin/python -c 'import masked_envs; assert "dist/lib" in masked_envs.__file__'
	cd dist && PYTHONPATH= $(abspath $(VENV)-dist)/bin/masked-envs check MaskedCartPole-v0
	cd dist && PYTHONPATH= $(abspath $(VENV)-dist)/bin/masked-envs demo MaskedConnectFour-v0 --out $$(mktemp -d)/demo.gif
	rm -rf $(VENV)-dist

docs: $(VENV)/.installed-docs ## build the documentation into site/
	$(BIN)/python -m mkdocs build --strict

test-site: docs $(VENV)/.installed-site ## build the documentation and look at it in Chromium, if that is installed
	$(BIN)/python -m pytest tests/house/test_built_site.py $(PYTEST_FLAGS)

bench: $(VENV)/.installed-bench ## measure speed beside the peers
	$(BIN)/python $(BENCH) $(BENCH_FLAGS)

clean: ## remove builds and caches
	rm -rf build dist site *.egg-info .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name '.?*' -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +

clean-all: clean ## also remove the environments
	for d in $(VENV) $(VENV_NEWEST) $(VENV_AGILERL); do if [ -f $$d/pyvenv.cfg ]; then rm -rf $$d; fi; done

# --- Environments ---------------------------------------------------------------------------------------------------
# A stamp is written after everything before it has succeeded, so an interrupted installation is taken up again.

$(CREATED): %/.created: | check-python
	@[ -n "$(PYTHON)" ] || { echo 'No Python 3.10 to 3.14 with the venv module was found among: $(CANDIDATES).' >&2; \
	  echo 'Install one (Debian, Ubuntu: apt install python3-venv), or name one: make PYTHON=/path/to/python' >&2; exit 1; }
	"$(PYTHON)" -m venv $*
	$*/bin/python -m pip install --quiet 'pip>=23'
	@touch $@

$(VENV)/.installed-%: $(VENV)/.created pyproject.toml constraints/ci.txt constraints/newest.txt
	$(BIN)/python -m pip install $(PIP_FLAGS) -c constraints/ci.txt -e '.[$(EXTRAS_$*)]'
	@touch $@

$(VENV_NEWEST)/.installed: $(VENV_NEWEST)/.created pyproject.toml constraints/newest.txt
	$(VENV_NEWEST)/bin/python -m pip install $(PIP_FLAGS) --upgrade -c constraints/newest.txt -e '.[dev]' gymnasium
	@touch $@

$(VENV_AGILERL)/.installed: $(VENV_AGILERL)/.created pyproject.toml constraints/agilerl.txt
	$(VENV_AGILERL)/bin/python -m pip install $(PIP_FLAGS) -c constraints/agilerl.txt -e '.[$(EXTRAS_agilerl)]'
	@touch $@

# Looked at every time, but no reason to install again. A PYTHON that differs from the one an environment was made
# with is an error, since silently keeping the old one would test the wrong version.
check-python:
ifneq ($(filter command environment,$(firstword $(origin PYTHON))),)
	@"$(PYTHON)" -c '$(USABLE)' 2>/dev/null || { \
	  echo 'PYTHON=$(PYTHON) does not run, is older than 3.10, or lacks the venv module.' >&2; exit 1; }
	@want=$$("$(PYTHON)" -c 'import sys; print(sys.version.split()[0])'); \
	for d in $(VENV) $(VENV_NEWEST) $(VENV_AGILERL); do if [ -f $$d/.created ]; then \
	  has=$$($$d/bin/python -c 'import sys; print(sys.version.split()[0])'); \
	  [ "$$has" = "$$want" ] || { echo "$$d has Python $$has, but PYTHON=$(PYTHON) is $$want:" \
	    "make clean-all first, or give VENV= and VENV_NEWEST= other names." >&2; exit 1; }; fi; done
endif
