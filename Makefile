# Every target installs what it needs; `make help` lists them.

PYTHON ?= $(shell command -v python3.11 || command -v python3 || echo python3)
BIN := .venv/bin
APPS := config knowledge complaints followups
# Checks and tests keep away from this installation's settings and data.
APART := AMENDS_ENV_FILE= AMENDS_VAR=var/test
PRODUCTION := $(APART) AMENDS_MODE=production AMENDS_ALLOWED_HOSTS=desk.example.com \
	AMENDS_CSRF_ORIGINS=https://desk.example.com DATABASE_URL=postgres://desk@localhost/desk \
	AMENDS_SECRET_KEY=only-for-the-deployment-check-0123456789-abcdefghijklmnopqrstuvwxyz \
	AMENDS_FIELD_KEY=only-for-the-deployment-check-field AMENDS_HASH_KEY=only-for-the-deployment-check-hash

.DEFAULT_GOAL := help
.PHONY: run demo test test-services faults pytest lint format messages bench shell help install install-dev

# exec: the launcher must be the child of make itself, so that it notices when make dies.
run: install ## Start the desk: database, broker, web, worker and beat
	@exec $(BIN)/python -m config.launch --with-parent

demo: install ## Load a believable small company, once
	@exec $(BIN)/python manage.py demo

test: lint ## Check everything, then run all tests on SQLite and the bundled broker
	@$(APART) exec $(BIN)/pytest -q -n 2 --dist loadgroup

test-services: install-dev ## Run the tests on PostgreSQL and Redis, starting both if they are down
	@.ci/start-services
	@$(APART) DATABASE_URL=postgres://postgres@127.0.0.1:5432/amends REDIS_URL=redis://127.0.0.1:6379/15 \
		exec $(BIN)/pytest -q -n 2 --dist loadgroup -m "not browser and not embedded"

faults: install-dev ## Attack the desk with full counts; WRITE=1 keeps the table, FAULTS="F3 F4" chooses
	@.ci/start-services
	@$(APART) exec $(BIN)/python -m tests.faults $(FAULTS) $(if $(WRITE),--write docs/reliability.md)

lint: install-dev ## Check style, types, layers, templates, migrations, security and the production settings
	@$(BIN)/ruff check --quiet --output-format concise
	@$(BIN)/ruff format --check --quiet --output-format concise
	@$(APART) $(BIN)/mypy --no-error-summary $(APPS)
	@$(BIN)/lint-imports --no-logo > .lint-imports.log || { cat .lint-imports.log; exit 1; }
	@$(BIN)/djlint --lint --quiet complaints/templates
	@$(BIN)/bandit --quiet --recursive --configfile pyproject.toml $(APPS)
	@$(APART) $(BIN)/python manage.py makemigrations --check --dry-run --verbosity 0
	@$(PRODUCTION) $(BIN)/python manage.py check --deploy --fail-level WARNING > /dev/null

format: install-dev ## Put Python and templates into the house style
	@$(BIN)/ruff check --quiet --fix
	@$(BIN)/ruff format

messages: install-dev ## Collect the texts to be translated and compile the catalogues (needs gettext)
	@$(BIN)/python manage.py makemessages --locale zh_Hans --ignore .venv --ignore var --no-obsolete
	@$(BIN)/python manage.py compilemessages --ignore .venv --verbosity 0

bench: install-dev ## Measure the promised speed on this machine
	@exec $(BIN)/python -m benchmarks

shell: install ## Open a Python shell with the models at hand
	@exec $(BIN)/python manage.py shell

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install:
	@$(PYTHON) config/install.py

install-dev:
	@$(PYTHON) config/install.py --dev
