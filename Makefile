# The commands of daily work; `make help` lists them. All of them set up what they need in .venv first.
SHELL := /bin/bash
PYTHON := .venv/bin/python
ARGS ?=
PORT ?=
# The whole suite runs in parallel and checks the codes received; a part of it (ARGS) does neither.
WHOLE_SUITE := --numprocesses=auto --maxprocesses=4 --dist=worksteal -p tests.received_codes

# Without bytecode files every command would compile its libraries again, for more than a second.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-browser coverage response-codes openapi messages lint prove bench lock acceptance clean \
	lint-code lint-types lint-templates lint-imports lint-migrations lint-openapi lint-deploy lint-lock

help: ## List these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## Serve the demo on http://127.0.0.1:8000 until Ctrl-C; PORT=8001 for another port
	@scripts/set-up runtime
	@$(PYTHON) manage.py demo $(if $(PORT),--port $(PORT)) $(ARGS)

test: setup ## Run the tests; ARGS="tests/x" for some, DATABASE_URL=postgresql://... on another PostgreSQL
	@scripts/with-scratch-data $(PYTHON) -m pytest $(or $(ARGS),$(WHOLE_SUITE))

test-browser: setup ## Run the tests of the back office in Chromium; ARGS="-k tasks" for some
	@CHROMIUM=$$(scripts/find-chromium) scripts/with-scratch-data $(PYTHON) -m pytest $(or $(ARGS),-x) tests/browser

coverage: ## Run all tests as `make test` does, and check the minimum coverage
	@$(MAKE) --no-print-directory test ARGS="$(WHOLE_SUITE) --cov --cov-report=term"

response-codes: setup ## Write docs/response_codes.md from the codes that the last whole `make test` received
	@$(PYTHON) -m scripts.response_codes

openapi: setup ## Write docs/openapi.yaml from the descriptions of the actions
	@scripts/with-scratch-data $(PYTHON) manage.py spectacular --validate --fail-on-warn --file docs/openapi.yaml

setup: ## Install everything into .venv
	@scripts/set-up dev

lint: lint-code lint-types lint-templates lint-imports lint-migrations lint-openapi lint-deploy lint-lock ## Check everything but the tests

lint-code: setup ## ... style and formatting
	@$(PYTHON) -m ruff check .
	@$(PYTHON) -m ruff format --check .

lint-types: setup ## ... types
	@$(PYTHON) -m mypy .

lint-templates: setup ## ... templates
	@.venv/bin/djlint --check --lint --quiet --allow-empty-input .

lint-imports: setup ## ... imports between packages
	@.venv/bin/lint-imports

lint-migrations: setup ## ... missing migrations
	@scripts/with-scratch-data $(PYTHON) manage.py makemigrations --check --dry-run

lint-openapi: setup ## ... that docs/openapi.yaml is that of the code
	@scripts/with-scratch-data $(PYTHON) manage.py spectacular --validate --fail-on-warn | diff -u docs/openapi.yaml - || \
		{ echo "docs/openapi.yaml differs from the code: run make openapi." >&2; exit 1; }

lint-deploy: setup ## ... the settings of production
	@LOYALTY_MODE=production SECRET_KEY=$$($(PYTHON) -c 'import secrets; print(secrets.token_urlsafe(50))') \
		ALLOWED_HOSTS=regulars.example DATABASE_URL=postgresql://regulars@localhost/regulars \
		scripts/with-scratch-data $(SHELL) -c '$(PYTHON) manage.py rotate_token_keys >/dev/null && \
			$(PYTHON) manage.py check --deploy --fail-level WARNING'

lint-lock: setup ## ... that requirements*.txt match pyproject.toml
	@$(PYTHON) scripts/check_lock.py

prove: setup ## Run the long proofs in full
	@REGULARS_PROOFS=full scripts/with-scratch-data $(PYTHON) -m pytest -m slow $(ARGS)

acceptance: setup ## Run the acceptance cases of ACCEPTANCE_DIR, but for tests/acceptance_disputed.txt
	@scripts/acceptance $(ARGS)

bench: setup ## Run the benchmarks beside their yardsticks; ARGS="get" for one part, ARGS=--full for the figures that count
	@scripts/with-scratch-data $(PYTHON) -m benchmarks $(ARGS)

messages: setup ## Add new words of the back office to the catalogues in locale/, and compile these
	@$(PYTHON) -m scripts.messages

lock: ## Compile requirements*.txt from pyproject.toml; ARGS=--upgrade moves all pins
	@scripts/lock $(ARGS)

clean: ## Remove .venv, the caches and the data in var/
	@if [ -e var ] && ! env -u DATABASE_URL LOYALTY_DATA_DIR=var $(PYTHON) manage.py embedded stop; then \
		echo "A database server may be running in var/ and could not be stopped: nothing was removed. Try 'make setup' first." >&2; \
		exit 1; \
	fi
	@if [ -L var/postgres ]; then rm -rf "$$(readlink -f var/postgres)"; fi # kept elsewhere: as root, under a closed folder
	@rm -rf var .venv .uv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage staticfiles
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
