# Every command of the project. `make help` lists them.
PYTHON ?= python3
# A package index for torch, such as PyTorch's own CPU index; empty takes pip's default. See README.md.
TORCH_INDEX ?=
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: help demo app test bench campaign foreign lint setup clean
.DEFAULT_GOAL := help

help: ## List the commands.
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 18

setup: $(READY) ## Make .venv and install the pinned dependencies.

$(READY): pyproject.toml constraints.txt packaging/setup.sh packaging/linux-packages.txt
	@PYTHON="$(PYTHON)" TORCH_INDEX="$(TORCH_INDEX)" sh packaging/setup.sh $(VENV)
	@touch $(READY)

demo: $(READY) ## The whole workflow on the starter model and data, with a report.
	@$(BIN)/slm-workbench demo $(ARGS)

app: $(READY) ## Open the window.
	@$(BIN)/slm-workbench $(ARGS)

test: $(READY) ## Every test; no network and no screen needed.
	@$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder $(ARGS)

bench: $(READY) ## Speed and memory against named peers (an hour or so).
	@$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt -e ".[bench]"
	@$(BIN)/python -m pytest -m bench -s tests/bench $(ARGS)

campaign: $(READY) ## Long kill and fuzz campaigns.
	@$(BIN)/python -m pytest -m campaign -s $(ARGS)

foreign: $(READY) ## Endpoints: against llama.cpp's own server.
	@$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt -e ".[foreign]"
	@$(BIN)/python -m pytest -m foreign -s tests/foreign $(ARGS)

lint: $(READY) ## Style, types, and the architecture's contracts.
	@$(BIN)/ruff check core app tests resources packaging
	@$(BIN)/ruff format --check -q core app tests resources packaging
	@$(BIN)/mypy
	@PYTHONPATH=. $(BIN)/lint-imports --no-cache

clean: ## Remove the environment and all caches; your workspace stays.
	@rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis build dist *.egg-info
