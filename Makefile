# Two commands do all set-up: `make serve` and `make test`. See README.md.
PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 8000
BIN := .venv/bin

.PHONY: serve test check bench lock format history screenshots clean
.DELETE_ON_ERROR:

serve: .venv/ready build/web/ready ## build what is stale, then serve
	@exec $(BIN)/catchup serve --host $(HOST) --port $(PORT)

test: .venv/ready-dev build/web/ready build/browser ## everything that CI runs
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/catchup format --check
	$(BIN)/pytest -n 2 --dist loadfile

check: .venv/ready-dev ## the quick half of `make test`
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/catchup format --check

bench: .venv/ready-bench build/web/ready ## measure against the peers, write benchmarks/RESULTS*.md
	@sh .ci/peers
	$(BIN)/python -m benchmarks
	$(BIN)/python -m benchmarks.search
	$(BIN)/python -m benchmarks.neighbours
	$(BIN)/python -m benchmarks.cases
	$(BIN)/python -m benchmarks.pages
	$(BIN)/python -m benchmarks.soak

format: .venv/ready-dev ## bring all files into their canonical form
	$(BIN)/ruff check --fix -q . ; $(BIN)/ruff format -q . ; $(BIN)/catchup format

history: .venv/ready-dev ## read what versions claims had off the commits (before a release)
	$(BIN)/python -m catchup.kg.history $${CATCHUP_SOURCES:-../shared/sources}

screenshots: .venv/ready-dev build/web/ready build/browser ## regenerate docs/images
	$(BIN)/python -m tests.pages.screenshots

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	  { echo "catchup needs Python 3.11 or newer; name it with 'make PYTHON=/path/to/python3.11'." >&2; exit 2; }
	@sh .ci/venv "$(PYTHON)"

.venv/ready: .venv/bin/python requirements.lock pyproject.toml | build/editable/catchup
	@echo "installing Python packages (once) ..."
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

.venv/ready-dev: .venv/ready requirements-dev.lock
	@echo "installing what the tests need (once) ..."
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

.venv/ready-bench: .venv/ready-dev requirements-bench.lock
	@echo "installing the peers that are measured (once) ..."
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements-bench.lock
	@touch $@

build/editable/catchup:
	@mkdir -p $@
	@for d in kg server cli ontology shapes queries; do ln -sfn ../../../$$d $@/$$d; done

build/web/ready: web/package-lock.json web/vendor.py | .venv/ready
	@echo "installing the pages' scripts (once) ..."
	@$(BIN)/python web/vendor.py
	@touch $@

build/browser:
	@sh .ci/browser && mkdir -p build && touch $@

lock: ## resolve the dependencies again (needs uv)
	uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-header --no-annotate --python-version 3.11 pyproject.toml --extra build -o requirements.lock
	uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-header --no-annotate --python-version 3.11 pyproject.toml --extra build --extra dev -c requirements.lock -o requirements-dev.lock
	uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-header --no-annotate --python-version 3.11 pyproject.toml --extra build --extra dev --extra bench -c requirements-dev.lock -o requirements-bench.lock

clean: ## delete all that was made
	rm -rf build .venv
