# Needs git, make and any Python of 3.9 or newer; everything else is installed from committed locks into .biaac/.
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

ENVS    := .biaac/envs
COMPANY_DIR ?= .
SOURCES := $(subst _,-,$(notdir $(patsubst %/uv.lock,%,$(wildcard $(COMPANY_DIR)/connections/sources/*/uv.lock))))
RUNTIME := functions transform cache ingestion laptop superset $(SOURCES:%=source-%)
PYTHON  := PYTHONPATH=. $(ENVS)/dev/bin/python
# Cloud Build puts its terraform there.
export PATH := $(CURDIR)/.biaac/bin:$(PATH)

TICK          ?= 60
PORT_BASE     ?= 18080
SUPERSET_PORT ?= 8088
SUPERVISOR    := PYTHONPATH=. $(ENVS)/laptop/bin/python -m laptop.supervisor

.PHONY: help run setup check test test-all lint size bench stop clean dev proof

help: ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo "  settings of run: ONCE=1 one full cycle, verify, exit 0 or 1; TICK=60 seconds between syncs (0: by cron);"
	@echo "                   PORT_BASE=18080 SUPERSET_PORT=8088"

run: setup ## The whole stack on this machine; Ctrl-C stops it
	@exec env $(SUPERVISOR) --tick $(TICK) --port-base $(PORT_BASE) --superset-port $(SUPERSET_PORT) $(if $(ONCE),--once)

setup: ## Build every environment from its lock (run does it by itself)
	@bin/environment $(RUNTIME)

check: ## A company's own files: connections, models, unit tests, metrics, dashboards, tfvars, locks; needs no stack
	@bin/environment transform superset $$(command -v terraform >/dev/null && echo infrastructure)
	@bin/check

dev:
	@bin/environment dev

# What the tests need besides: the offline terraform proof, in two environments of its own, and a browser.
proof:
	@bin/environment $(RUNTIME) dev infrastructure checkov
	@tests/browser/chromium.sh
	@tests/infrastructure/terraform.sh

# Two processes: the one with the stack mostly waits for it. Rooms stay together (tests/conftest.py), the longest first.
TOGETHER := -n 2 --dist loadscope --no-loadscope-reorder
DEMO     := $(wildcard tests/demo)
ROOMS    := $(addprefix tests/,end_to_end browser operations) $(DEMO) $(addprefix tests/,infrastructure component stand_ins unit)

test: proof ## Every test but the longest: stack and browser, the demo, terraform, components, units
	@$(PYTHON) -m pytest $(TOGETHER) $(ROOMS) -m "not longest"

test-all: test ## The longest too: real data, images built
	@$(PYTHON) -m pytest --timeout 1800 tests/component tests/operations $(DEMO) -m longest
	@$(PYTHON) -m pytest --timeout 1800 tests/containers

lint: dev ## Style, types, import rules, locks, the build file
	@$(ENVS)/dev/bin/ruff check .
	@$(ENVS)/dev/bin/ruff format --check .
	@$(ENVS)/dev/bin/mypy biaac laptop stand_ins cli ingestion cache_service transform sqlmesh_project deploy docs/cost.py
	@MYPYPATH=functions:. $(ENVS)/dev/bin/mypy functions
	@MYPYPATH=superset:. $(ENVS)/dev/bin/mypy --config-file superset/pyproject.toml superset/charts superset/compiler superset/plugin superset/reconciler superset/*.py
	@# a company without a connector of its own has no module "connections"
	@sed "$$(ls connections/sources/*/*/*.py >/dev/null 2>&1 || echo '/^ *connections$$/d')" .importlinter > .biaac/importlinter
	@PYTHONPATH=. $(ENVS)/dev/bin/lint-imports --config .biaac/importlinter
	@$(PYTHON) -m deploy.lint
	@for lock in . superset $(wildcard connections/sources/*) tests/company/connections/sources/* tests/infrastructure tests/infrastructure/checkov; do bin/uv lock --quiet --check --project $$lock; done

size: dev ## Count lines, files and functions; writes docs/benchmarks/size.md
	@$(PYTHON) -m tests.benchmark.size

bench: setup dev ## Measure the pipeline in a fresh clone; writes docs/benchmarks/
	@tests/browser/chromium.sh
	@$(PYTHON) -m tests.benchmark.pipeline

stop: ## Stop the stack that runs from this folder
	@[ ! -x $(ENVS)/laptop/bin/python ] || $(SUPERVISOR) --stop

clean: stop ## Stop, then delete data and logs (environments stay)
	@rm -rf .biaac/state .biaac/logs .biaac/laptop.env
	@echo "data and logs deleted; environments kept in $(ENVS)"
