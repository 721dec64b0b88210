# `make app` prepares everything and opens the app; `make test` prepares everything and runs all tests.
PYTHON ?= python3
BIN := .venv/bin
NEEDED_GB := 9
TESTS := OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --dist loadgroup  # a process for each core

.PHONY: app test check format screenshots clean

app: .venv/app-ready
	$(BIN)/streamlit run app.py

test: .venv/dev-ready
	$(TESTS)

check: .venv/dev-ready
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(TESTS) -m "not slow and not browser"

format: .venv/dev-ready
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

screenshots: .venv/dev-ready
	$(BIN)/python -m benchmarks.screenshots

clean:
	rm -rf .venv

.venv/app-ready: requirements.txt | .venv/made
	@echo "Installing what the app needs (about 6 GB with PyTorch; a few minutes the first time) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt \
		|| { echo "The installation failed; see the message above. Check the network and the free disk space, then run make again."; exit 1; }
	@$(BIN)/python -c "import fsl_core.transport.network_simplex, fsl_core.transport.predictor_corrector"  # compiled once, kept beside its source
	@touch $@

.venv/dev-ready: requirements-dev.txt .venv/app-ready
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

.venv/made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Few-Shot Lens needs Python 3.11 or newer, but $(PYTHON) is $$($(PYTHON) --version 2>&1 || echo missing). Install a newer one, or name it: make app PYTHON=python3.12"; exit 1; }
	@free=$$(df -Pk . | awk 'NR == 2 {print int($$4 / 1048576)}'); [ $$free -ge $(NEEDED_GB) ] \
		|| { echo "The installation needs $(NEEDED_GB) GB of free disk space here, but only $$free GB are free. Make room and run make again."; exit 1; }
	@$(PYTHON) -m venv .venv \
		|| { echo "Python's venv module is missing. On Debian and Ubuntu: sudo apt install python3-venv"; rm -rf .venv; exit 1; }
	@touch $@
