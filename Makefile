# Everything a newcomer or a CI machine needs; `make help` lists it. Only Python 3.11 and make must be there already.

UV_VERSION := 0.13.9
UV := $(shell command -v uv 2>/dev/null || echo .uv/bin/uv)
RUN := $(UV) run --no-sync
PYTEST := $(RUN) python -m pytest

.DEFAULT_GOAL := help

.PHONY: help
help: ## List the targets
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.uv/bin/uv:
	python3 -m venv .uv
	.uv/bin/python -m pip install --quiet uv==$(UV_VERSION)

.PHONY: sync-core
sync-core: $(filter .uv/bin/uv,$(UV)) # the light core and what starts a local broker; keeps extras that are there
	$(UV) sync --locked --inexact --no-default-groups --group test

.PHONY: sync
sync: $(filter .uv/bin/uv,$(UV)) # everything a user can switch on, and all tools
	$(UV) sync --locked --all-extras --all-groups

.PHONY: demo
demo: sync-core ## Scrub sample logs through a real broker, kill a worker on the way, count every record
	$(RUN) python -m tests.kafka_lab demo

.PHONY: test
test: sync ## Set up and run all tests (a real broker is started by the tests)
	$(PYTEST)

.PHONY: lint
lint: sync ## Formatting, lint rules, types, room borders, spelling
	$(RUN) ruff format --check .
	$(RUN) ruff check .
	$(RUN) mypy
	$(RUN) lint-imports
	$(RUN) codespell scrubber docs README.md CHANGELOG.md
	$(RUN) validate-pyproject pyproject.toml

.PHONY: derived
derived: sync-core ## Derive the patterns of the built-in rules anew, for quick starts
	$(RUN) python -m scrubber.detect.rules.derived

.PHONY: audit
audit: sync ## Known vulnerabilities of the locked dependencies
	$(UV) export --locked --no-hashes --no-dev --no-emit-project | $(RUN) pip-audit --disable-pip --requirement /dev/stdin

.PHONY: soak
soak: sync ## Exactly once over a million records and a hundred kills (long)
	$(PYTEST) -m soak --timeout 7200

.PHONY: image
image: ## Build the image for CPUs (Docker): make image VERSION=0.1.0
	docker build --target cpu --build-arg VERSION=$(or $(VERSION),0.1.0) --build-arg REVISION=$$(git rev-parse HEAD) --tag scrubber:$(or $(VERSION),0.1.0) .

.PHONY: test-ops
test-ops: sync ## Run image, chart and other people's clients for real (the first time builds its tools)
	$(PYTEST) -m ops tests/ops

.PHONY: bench
bench: bench-stream ## All benchmarks that need no model

.PHONY: bench-stream
bench-stream: sync ## Records a second against a bare exactly-once loop, on a local broker
	$(RUN) python -m tests.bench.stream

.PHONY: train
train: sync ## Train the embedded model from the last checkpoint in RUN_FOLDER, or from the start (hours)
	$(RUN) python -m training.train $(or $(RUN_FOLDER),$(HOME)/.cache/scrubber-training/run1)

.PHONY: bench-engine
bench-engine: sync ## Our engine against the gliner library: make bench-engine [MODEL=DIR]
	$(RUN) python -m tests.bench.engine $(if $(MODEL),--model $(MODEL))

CACHE := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/scrubber

.PHONY: fuzz
fuzz: sync ## A million spoilt inputs through decoders, rules and redaction (long)
	$(RUN) python -m tests.fuzz --folder $(CACHE)/fuzz --runs $(or $(RUNS),1000000)
	$(RUN) --with atheris python -m tests.fuzz.branches --folder $(CACHE)/fuzz

.PHONY: bench-peers
bench-peers: sync ## Rules alone against other scrubbers, each in an environment of its own: make bench-peers FILES=...
	$(RUN) python -m tests.bench.peers --folder $(CACHE)/peers $(FILES)
