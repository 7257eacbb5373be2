# Two commands do all set-up: `make demo` and `make test`. Both need only Python >= 3.11.
.DEFAULT_GOAL := help
.PHONY: help demo test test-databases test-faults test-own-faults test-authorization test-attacks test-round-trips test-traffic overload fuzz check vocabulary errors format lock site typescript dist compatibility bench bench-short stress clean \
        console-screenshots console-images console-figures

SHELL := bash
BIN := .venv/bin
PORT ?= 8000
# Arguments for pytest, for example: make test TESTS="tests/http -x"
TESTS ?= tests
# Steps of `make test-authorization`
STEPS ?= 20000
# Round trips of rules and rule objects of `make test-round-trips`
ROUND_TRIPS ?= 10000
RULE_OBJECTS ?= 2000
# How long `make fuzz`, `make overload` and `make stress` take
MINUTES ?= $(if $(filter stress,$(MAKECMDGOALS)),10,20)
# Groups in the data sets of `make bench`, seconds of a window, windows of a case
SIZES ?= 2000 100000 1000000
SECONDS ?= 1
ROUNDS ?= 5
CACHE ?=

INPUTS := pyproject.toml requirements.lock requirements-dev.lock tools/environment tools/uv.lock
COMPILE = $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header \
          --no-emit-index-url --no-annotate $(UPGRADE)

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# The lock is held as long as the demonstration runs: nothing changes its environment meanwhile.
demo: .runtime/.ready ## serve demonstration data over a sandbox cloud (PORT=8000)
	@exec 8<.runtime/.ready; ! command -v flock >/dev/null || flock -s 8; \
	  exec .runtime/bin/ringfence demo --port $(PORT)

test: .venv/.development ## run every test, a real PostgreSQL, Keystone and Neutron included
	@tools/browser
	@tools/databases
	@tools/nginx
	@tools/firewalls
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/pytest -n auto --maxprocesses 8 --dist worksteal $(TESTS)

test-faults: .venv/.development ## inject every fault at every call to Neutron, remove each extension
	@RINGFENCE_FAULTS=all PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/pytest -n auto --maxprocesses 8 \
		tests/faults tests/sync/test_missing_extensions.py

test-own-faults: .venv/.development ## inject every fault into PostgreSQL, the processes, the disk and the clock
	@RINGFENCE_OWN_FAULTS=all PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/pytest -n 2 tests/own_faults

test-databases: .venv/.development ## run against PostgreSQL 15 and 18, PgBouncer, TLS, sockets and others
	@tools/databases
	@RINGFENCE_DATABASES=all PATH="$(CURDIR)/$(BIN):$$PATH" \
		$(BIN)/pytest -q -n 2 --dist loadfile tests/database/test_matrix.py \
		tests/database/test_embedded.py tests/database/test_backup.py

test-authorization: .venv/.development ## run 20,000 random steps against a model of permissions (STEPS=20000)
	@RINGFENCE_STEPS=$(STEPS) PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/pytest -n 2 tests/authorization

test-attacks: .venv/.development ## run every attack on a running service, beside a well-behaved client
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m tests.attacks.run

test-round-trips: .venv/.development ## send rules of responses, and rules with wrong keys, to a real Neutron
	@RINGFENCE_ROUND_TRIPS=$(ROUND_TRIPS) RINGFENCE_RULE_OBJECTS=$(RULE_OBJECTS) \
		RINGFENCE_EXAMPLES=500 PATH="$(CURDIR)/$(BIN):$$PATH" \
		$(BIN)/pytest -n 2 tests/sync/test_round_trips.py tests/contract/test_round_trips.py

test-traffic: .venv/.development ## compare verdicts with OVN, iptables and brute force; kill mutants
	@tools/firewalls
	@RINGFENCE_TRAFFIC=all PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/pytest -q -n 2 --dist loadgroup tests/traffic
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m tests.traffic.mutants

overload: .venv/.development ## send four times the sustainable load (MINUTES=20)
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m tests.overload.run $(MINUTES)

fuzz: .venv/.development ## run Schemathesis (MINUTES=20)
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m tests.fuzz.run $(MINUTES)

check: .venv/.development ## format, lint, types, import contracts, vocabulary, generated pages, migrations
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/python tools/licences.py check
	@$(BIN)/python tools/vocabulary.py --names
	@$(BIN)/python tools/refused.py check
	@$(BIN)/python tools/errors.py check
	@$(BIN)/squawk src/ringfence/database/{migrations,views}/*.sql

check-deploy: .venv/.development ## lint deploy/
	@tools/deploy

vocabulary: .venv/.development ## find words that the project writes differently (WORDS="src docs": only there)
	@$(BIN)/python tools/vocabulary.py --names $(WORDS)

errors: .venv/.development ## write docs/reference/errors.md from the messages in the source
	@$(BIN)/python tools/errors.py write

refused: .venv/.development ## write docs/reference/refused.md from the table of the validation
	@$(BIN)/python tools/refused.py write

licences: .venv/.development ## write docs/reference/licences.md, after make lock
	@$(BIN)/python tools/licences.py write

audit: .venv/.development ## check locked packages for known vulnerabilities (STRICT=1: fail if unreachable)
	@tools/supply audit

sbom: .venv/.development ## write a bill of materials (CycloneDX) to build/ringfence.cdx.json
	@tools/supply sbom build/ringfence.cdx.json

format: .venv/.development ## format the source
	@$(BIN)/ruff check --fix --quiet . || true
	@$(BIN)/ruff format .

lock: .venv/.development ## write the lock files (UPGRADE=--upgrade takes newer releases)
	@$(COMPILE) pyproject.toml --group build --group dev -o requirements-dev.lock
	@$(COMPILE) pyproject.toml --group build -c requirements-dev.lock -o requirements.lock
	@$(COMPILE) pyproject.toml --group build --extra telemetry -c requirements-dev.lock \
	  -o requirements-container.lock
	@$(COMPILE) --group site -o requirements-site.lock
	@$(COMPILE) --group deploy -o requirements-deploy.lock
	@$(COMPILE) --group supply -o requirements-supply.lock
	@cd tests/conformance/locks && for pins in *.in; do \
	  $(CURDIR)/$(COMPILE) --python-version 3.11 "$$pins" -o "$${pins%.in}.lock"; done

site: .venv/.development ## build the site of the documents and the API reference, in build/site
	@tools/site build/site

console-screenshots: .venv/.development ## write every page of the console to build/console
	@tools/browser
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m tests.browser.screenshots screenshots

console-images: .venv/.development ## write the pictures of the console in the documents
	@tools/browser
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m tests.browser.screenshots images

console-figures: .venv/.development ## print the console's size, and the time of visits, questions and keys
	@tools/browser
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m tests.browser.figures

typescript: .venv/.development ## generate and type-check a client in clients/typescript/src (needs Node)
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m tests.conformance.typescript

dist: .venv/.development ## build the sdist and the wheel of this version in dist/
	@rm -rf dist
	@$(BIN)/uv build --quiet --no-build-isolation --python $(BIN)/python --out-dir dist

compatibility: .venv/.development ## write docs/reference/compatibility.md from a run with real clients
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m pytest -q -n auto --maxprocesses 8 \
	  -p tests.conformance.counts tests/conformance

bench: .venv/.development ## measure all requests beside the floor, for docs/explanation/performance.md
	@$(BIN)/python -m bench --groups $(SIZES) --seconds $(SECONDS) --rounds $(ROUNDS) \
	  $(if $(CACHE),--cache $(CACHE)) --page docs/explanation/performance.md

bench-short: .venv/.development ## the same on 2,000 groups in two minutes, printed only
	@$(BIN)/python -m bench --groups 2000 --seconds 0.3 --rounds 3 $(if $(CACHE),--cache $(CACHE))

stress: .venv/.development ## read and write on 64 connections for MINUTES=10, on 100,000 groups
	@$(BIN)/python -m bench.stress --minutes $(MINUTES) $(if $(CACHE),--cache $(CACHE)) \
	  --page docs/explanation/performance.md

clean: ## remove the environments and every cache in the tree
	@rm -rf .venv .runtime .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis build dist

.runtime/.ready: $(INPUTS)
	@tools/environment runtime

.venv/.development: $(INPUTS)
	@tools/environment development
