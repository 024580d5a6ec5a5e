# make page · make serve · make test · make test-servers · make check · make eval · make bench · make docs
# Each sets up what it needs, once. Python 3.11 or later and make are all that has to be there.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP_QUIET := -qq --disable-pip-version-check --no-input

.DEFAULT_GOAL := page
.PHONY: page serve test test-servers explore check eval bench bench-peers docs format clean

# The page is written and the program has said what could not be read: that is success here. Only a bug, a wrong configuration or
# a page that could not be written fails; `aggregator` itself gives the finer exit codes.
page: $(VENV)/run.stamp
	@$(BIN)/aggregator run || { code=$$?; [ $$code -eq 4 ] || [ $$code -eq 5 ] || exit $$code; }

# The small server for subscribing and leaving, with what it needs beyond the rest.
serve: $(VENV)/serve.stamp
	@$(BIN)/aggregator serve

test: $(VENV)/dev.stamp
	$(BIN)/pytest --numprocesses auto --dist loadfile --no-loadscope-reorder $(TESTS)

# The tests against servers that nobody here wrote: Postfix and Dovecot from apt; a Scuttlebutt server (ssb-server), a Nostr relay
# (nostr-relay) and a Bluesky network (@atproto/dev-env) in a folder of their own, AGGREGATOR_SERVERS or ~/.cache/aggregator-servers. What
# cannot be installed is skipped with a line.
test-servers: $(VENV)/dev.stamp
	@.ci/servers
	$(BIN)/pytest -m servers

# Property tests with new random examples, instead of the same ones at each run.
explore: $(VENV)/dev.stamp
	AGGREGATOR_EXAMPLES=explore $(BIN)/pytest --numprocesses auto --dist loadfile --no-loadscope-reorder

check: $(VENV)/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# The heuristics' scores by the labelled corpora. FAMILIES=1: of each family of cases, too. WRONG=1: what came out otherwise than labelled.
# PIN=1: make these the scores that must not be fallen below.
eval: $(VENV)/dev.stamp
	$(BIN)/python -m tests.eval $(if $(FAMILIES),--families) $(if $(WRONG),--wrong) $(if $(PIN),--pin)

bench: $(VENV)/dev.stamp
	$(BIN)/python -m bench

# The peers that `make bench` compares with, in an environment of their own.
bench-peers:
	$(PYTHON) -m venv .venv-bench
	.venv-bench/bin/python -m pip install $(PIP_QUIET) --require-hashes -r bench/peers.txt

docs: $(VENV)/dev.stamp
	$(BIN)/python -m aggregator.docs

format: $(VENV)/dev.stamp
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(VENV)/run.stamp: requirements.txt pyproject.toml | $(VENV)/python.stamp
	@echo "Installing what the program needs (once) …"
	@$(BIN)/python -m pip install $(PIP_QUIET) --require-hashes -r requirements.txt
	@$(BIN)/python -m pip install $(PIP_QUIET) --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/serve.stamp: requirements-serve.txt pyproject.toml | $(VENV)/python.stamp
	@echo "Installing what the server needs (once) …"
	@$(BIN)/python -m pip install $(PIP_QUIET) --require-hashes -r requirements-serve.txt
	@$(BIN)/python -m pip install $(PIP_QUIET) --no-deps --no-build-isolation --editable .
	@touch $@ $(VENV)/run.stamp

$(VENV)/dev.stamp: requirements-dev.txt pyproject.toml | $(VENV)/python.stamp
	@echo "Installing what the tests need (once) …"
	@$(BIN)/python -m pip install $(PIP_QUIET) --require-hashes -r requirements-dev.txt
	@$(BIN)/python -m pip install $(PIP_QUIET) --no-deps --no-build-isolation --editable .
	@touch $@ $(VENV)/run.stamp $(VENV)/serve.stamp

$(VENV)/python.stamp:
	@command -v $(PYTHON) >/dev/null || { echo "There is no $(PYTHON): install Python 3.11 or later (on Debian and Ubuntu: apt install python3)."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "$(PYTHON) is too old: install Python 3.11 or later, or run make PYTHON=/path/to/python3.11."; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "This Python lacks venv or pip: install the package python3-venv (on Debian and Ubuntu: apt install python3-venv)."; exit 1; }
	@rm -rf $(VENV)
	@$(PYTHON) -m venv $(VENV)
	@touch $@
