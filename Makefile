# Bakehouse: `make app` serves the app, `make test` checks everything. Both first set up what they need.

VENV := .venv
RUN := $(VENV)/bin/python
# The first of these that is Python 3.11 or newer and can make an environment; PYTHON=... goes before all.
CANDIDATES := $(PYTHON) python3 python3.12 python3.11 python3.13 python3.14
SUITABLE := import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))

.PHONY: app test lint format clean

app: $(VENV)/.app
	@$(RUN) app.py $(ARGS)

# The leading "-": without a browser the other tests still run, and the browser tests say what to do.
test: $(VENV)/.dev
	-@$(RUN) tests/browser/chromium.py
	@$(RUN) -m pytest $(ARGS)

lint: $(VENV)/.dev
	@$(RUN) -m ruff check .
	@$(RUN) -m ruff format --check .
	@$(RUN) -m mypy
	@$(RUN) -m mypy app.py spaces/deploy.py

format: $(VENV)/.dev
	@$(RUN) -m ruff check --fix .
	@$(RUN) -m ruff format .

# The work in workspace/ stays.
clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .gradio
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# These files are written last: where they are newer than the pins, everything is installed.
$(VENV)/.app: requirements.txt
	@$(environment)
	@echo "Installing requirements.txt into $(VENV); the first time this takes a few minutes."
	@$(RUN) -m pip install --disable-pip-version-check --requirement requirements.txt
	@touch $@

$(VENV)/.dev: requirements-dev.txt requirements.txt
	@$(environment)
	@echo "Installing requirements-dev.txt into $(VENV); the first time this takes a few minutes."
	@$(RUN) -m pip install --disable-pip-version-check --requirement requirements-dev.txt
	@touch $(VENV)/.app $@

# Candidates are run, not only looked up: version managers leave commands behind that lead nowhere.
define environment
if $(RUN) -c '$(SUITABLE)' 2>/dev/null && $(RUN) -m pip --version >/dev/null 2>&1; then exit 0; fi; \
for python in $(CANDIDATES); do \
	if $$python -c '$(SUITABLE)' 2>/dev/null; then \
		echo "Making $(VENV) with $$($$python --version)."; \
		exec $$python -m venv --clear $(VENV); \
	fi; \
done; \
echo "Bakehouse needs Python 3.11 or newer with its venv module, and found none." >&2; \
echo "Install one (on Debian and Ubuntu: apt install python3-venv) or name one: make app PYTHON=/path/to/python" >&2; \
exit 1
endef
