# Two commands:  make headline   make test
# PYTHON is any Python from 3.11 on; VENV the environment that is made.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin

.PHONY: headline test soak lint baseline clean

headline: $(VENV)/core.done
	$(BIN)/ruralflow offset shaoyang --replicates 4

test: $(VENV)/dev.done
	$(BIN)/python -m pytest

# The page in a browser, ten minutes of Play.
soak: $(VENV)/dev.done
	RURALFLOW_SOAK_MINUTES=10 $(BIN)/python -m pytest -s tests/test_page_browser.py -k playing

lint: $(VENV)/dev.done
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

baseline: $(VENV)/dev.done
	$(BIN)/python -m tests.baseline

clean:
	rm -rf $(VENV) build dist

$(VENV)/core.done: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable .
	touch $@

$(VENV)/dev.done: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	touch $@
