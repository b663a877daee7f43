# Everything starts here: `make run` and `make test` need nothing but Python 3.11 or newer (and, for `make test`,
# Node with npm and Chromium where the machine can install them).

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
AS_ROOT := $(shell [ "$$(id -u)" = 0 ] || echo sudo)

.PHONY: run test lint lock cassettes clean

run: $(VENV)/.installed
	$(BIN)/conformance run

test: $(VENV)/.installed-dev node_modules/.installed $(VENV)/older-sdks/.installed $(VENV)/.browser
	$(MAKE) --no-print-directory lint
	$(BIN)/python -m pytest -n 2 --cov --cov-report=term --cov-fail-under=90

lint: $(VENV)/.installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# The locked versions, then the package itself.
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed, $(PYTHON) is older: make PYTHON=python3.12" >&2; exit 2; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || sh -c '$(AS_ROOT) apt-get update -q && $(AS_ROOT) apt-get install -qy python3-venv'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: requirements.lock pyproject.toml | $(BIN)/python
	$(PIP_INSTALL) --require-hashes -r requirements.lock
	$(PIP_INSTALL) --no-deps --no-build-isolation --editable .
	$(BIN)/python -m compileall -q conformance
	touch $@

$(VENV)/.installed-dev: requirements-dev.lock pyproject.toml | $(BIN)/python
	$(PIP_INSTALL) --require-hashes -r requirements-dev.lock
	$(PIP_INSTALL) --no-deps --no-build-isolation --editable .
	$(BIN)/python -m compileall -q conformance
	touch $@ $(VENV)/.installed

# The SDK for Node that the tests drive, and what makes certificates for the loopback interface.
node_modules/.installed: package.json package-lock.json
	@command -v npm >/dev/null && command -v openssl >/dev/null || \
		sh -c '$(AS_ROOT) apt-get update -q && $(AS_ROOT) apt-get install -qy nodejs npm openssl'
	npm ci --silent --ignore-scripts
	touch $@

# The browser that the tests open reports in.
$(VENV)/.browser: | $(BIN)/python
	@for name in chromium chromium-browser google-chrome; do command -v $$name >/dev/null && exit; done; \
		sh -c '$(AS_ROOT) apt-get update -q && $(AS_ROOT) apt-get install -qy chromium'
	touch $@

# Older releases of the SDK for Python; a test says so where they cannot be had.
OLDER := 8.13.0 7.17.0
$(VENV)/older-sdks/.installed: | $(VENV)/.installed-dev
	mkdir -p $(@D)
	for version in $(OLDER); do \
		CONFORMANCE_CACHE=$(@D) $(BIN)/conformance sdk python --sdk-version $$version --quiet --side reach \
			--operation twilio_routes_v2.FetchTrunks --output $(@D)/report || exit 0; \
	done; touch $@

# Writes the lock files anew, without the address of any index.
COMPILE := $(BIN)/python -m piptools compile --quiet --generate-hashes --strip-extras --allow-unsafe \
	--no-emit-index-url --no-emit-trusted-host --no-emit-find-links --extra build

lock: $(VENV)/.installed-dev
	$(COMPILE) --output-file requirements.lock pyproject.toml
	$(COMPILE) --extra dev --output-file requirements-dev.lock pyproject.toml
	npm install --package-lock-only --ignore-scripts

# The real SDK plays its scenarios against the reference server; see cassettes/record.py.
cassettes: $(VENV)/.installed-dev
	$(BIN)/python cassettes/record.py

# Figures beside peers; the other benchmarks need peers installed and are run by hand.
bench: $(VENV)/.installed-dev
	$(BIN)/python benchmarks/serve.py

clean:
	rm -rf $(VENV) node_modules build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
