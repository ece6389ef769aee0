# Two commands:  make headline   make test
# PYTHON is any Python from 3.11 on; VENV the environment that is made.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin

.PHONY: headline test soak lint baseline calibration scorecard odd findings ablation bench track \
	others examples clean

headline: $(VENV)/core.done
	$(BIN)/ruralflow offset shaoyang --replicates 4

# TESTS names some of them, in pytest's words.
test: $(VENV)/dev.done
	$(BIN)/python -m pytest $(TESTS)

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

# What this machine makes of it: docs/SPEED.md says how to read the table.
bench: $(VENV)/dev.done
	$(BIN)/python -m benchmarks.bench $(BENCH)

# Times commit by commit, kept in .benchmarks and compared with the last ones.
track: $(VENV)/dev.done
	$(BIN)/python -m pytest benchmarks/track.py --benchmark-autosave --benchmark-compare

# The same workloads on other frameworks; docs/SPEED.md says how to add mesa-frames.
others: $(VENV)/dev.done
	$(BIN)/python -m pip install --quiet --editable '.[others]'
	$(BIN)/python -m benchmarks.others $(OTHERS)

# What the calibrated parameters were set by: docs/calibration.md, its pictures, and the posterior
# that `ruralflow offset --posterior` takes. The values themselves are set by hand from its best point.
calibration: $(VENV)/dev.done
	$(BIN)/ruralflow calibrate --out results/calibration $(CALIBRATION)
	(printf '# How the calibrated parameters were set\n\n'; cat results/calibration/calibrate.md; \
		printf '\n![Prior and posterior](figures/calibrate_posterior.png)\n') > docs/calibration.md
	cp results/calibration/figures/calibrate_posterior.png docs/figures/
	cp results/calibration/posterior.parquet docs/posterior.parquet

# The scorecard: docs/scorecard.md, and its first lines in the README.
scorecard: $(VENV)/core.done
	$(BIN)/ruralflow validate --out results/scorecard
	cp results/scorecard/scorecard.md docs/scorecard.md
	sed '/^|/d' docs/scorecard.md > results/scorecard/head.md
	sed -i.old -e '/<!-- scorecard -->/,/<!-- end of scorecard -->/{//!d;}' \
		-e '/<!-- scorecard -->/r results/scorecard/head.md' README.md
	rm README.md.old

# What docs/ODD.md takes from the code: events, state, rules, accounts, indicators, parameters.
odd: $(VENV)/core.done
	$(BIN)/python -m experiments.odd

# What the model says: docs/findings.md and its figures; its first lines and its answers in the
# README. FINDINGS passes options on.
findings: $(VENV)/core.done
	$(BIN)/ruralflow findings --out results/findings $(FINDINGS)
	mkdir -p docs/figures
	cp results/findings/findings.md docs/findings.md
	cp results/findings/figures/offset.png results/findings/figures/offset_years.png \
		results/findings/figures/findings_*.png docs/figures/
	sed -n -e '/^Made by/q' -e '/^- /p' docs/findings.md > results/findings/short.md
	sed -n '/^|/s/(#/(docs\/findings.md#/p' docs/findings.md > results/findings/answers.md
	sed -i.old -e '/<!-- findings -->/,/<!-- end of findings -->/{/^|/{/](docs/d;};}' \
		-e '/<!-- findings -->/,/<!-- end of findings -->/{/^| --- /r results/findings/answers.md' \
		-e '}' -e '/<!-- in short -->/,/<!-- end of short -->/{//!d;}' \
		-e '/<!-- in short -->/r results/findings/short.md' README.md
	rm README.md.old

# What rests on which mechanism: docs/ablation.md.
ablation: $(VENV)/core.done
	$(BIN)/ruralflow ablate --sample 0.005 --out results/ablation
	$(BIN)/ruralflow ablate --mechanisms imitation awareness \
		--needs clusters nation programmes --out results/ablation-trade
	(printf '# What rests on which mechanism\n\n'; cat results/ablation/ablate.md; \
		printf '\n## Trade in clusters and in the made-up nation\n\n'; \
		cat results/ablation-trade/ablate.md) > docs/ablation.md

# What docs/experiments.md shows of each experiment: the real output of the command.
examples: $(VENV)/dev.done
	$(BIN)/python -m experiments.examples

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
