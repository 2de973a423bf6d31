# The project's verbs. All of them set up their own environment and write inside this folder only.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
WORKSPACE ?= workspace/demo
# Where torch's CPU wheel comes from, if not from pip's own index; see README, "Install".
TORCH_INDEX ?=
# By name, whole runs come early. In the order of how many tests a file has they'd come last, and
# leave a worker alone at the end.
PYTEST_ARGS ?= -n auto --dist loadfile --no-loadscope-reorder
# How many inputs `make fuzz` gives every reader.
FUZZ_EXAMPLES ?= 100000
PIP_AUDIT := 2.10.1
UV := 0.13.9

export PYTHONDONTWRITEBYTECODE := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_NO_CACHE_DIR := 1
# Threads that wait sleep: tests run side by side.
export OMP_WAIT_POLICY := PASSIVE
# No dependency reports home.
export DO_NOT_TRACK := 1
export MLFLOW_DISABLE_TELEMETRY := true
export GX_ANALYTICS_ENABLED := false
# pip asks rustc for its version, and rustup then writes its settings.
export RUSTUP_HOME := $(CURDIR)/$(VENV)/rustup
export MPLCONFIGDIR := $(CURDIR)/$(VENV)/matplotlib

# The figures depend on the machine being quiet; they say what its load was.
BENCH_ARGS ?=

.PHONY: demo test test-services test-faults fuzz audit check fix golden bench bench-peers lock hashes clean help

help:
	@echo "make demo           ten synthetic days: train, evaluate, gate, register, report (WORKSPACE=$(WORKSPACE))"
	@echo "make test           the whole test suite"
	@echo "make test-services  the DAG on PostgreSQL, an MLflow server and S3, on loopback"
	@echo "make test-faults    kills a run fifty times, and thirty days in a row, at random moments (half an hour)"
	@echo "make fuzz           gives every reader $(FUZZ_EXAMPLES) spoiled files (about 18 minutes on 2 cores)"
	@echo "make audit          looks the pinned packages up in the OSV database of weaknesses"
	@echo "make check          lint, types and import contracts"
	@echo "make fix            formats and mends what the linter can mend"
	@echo "make golden         writes the golden files anew"
	@echo "make bench          measures speed and memory, writes BENCHMARKS.md (BENCH_ARGS=--quick: only runs)"
	@echo "make bench-peers    the same against peers, each in an environment of its own"
	@echo "make lock           resolves the pinned requirements anew"
	@echo "make hashes         gives every pin of the locks the hashes of its files"

demo: $(VENV)/installed
	@$(BIN)/lt4rec generate pipelines/configs/demo.toml --target $(WORKSPACE)/logs
	@$(BIN)/lt4rec run pipelines/configs/demo.toml --source $(WORKSPACE)/logs \
		--data-date 2026-01-10 --workspace $(WORKSPACE)

test: $(VENV)/installed
	$(BIN)/python -m pytest $(PYTEST_ARGS)

# Needs PostgreSQL: apt-get install postgresql.
test-services: $(VENV)/installed
	LT4REC_NEED_SERVICES=1 $(BIN)/python -m pytest tests/services

# LT4REC_KILL_SEED repeats one run of it, LT4REC_KILLS says how many kills. Needs PostgreSQL.
test-faults: $(VENV)/installed
	LT4REC_NEED_SERVICES=1 $(BIN)/python -m pytest tests/faults tests/e2e/test_fifty_kills.py \
		tests/e2e/test_backfill_killed.py tests/services/test_restarts.py -m "slow or not slow"

# One reader a worker, one core a worker; each says how many inputs it was given. Without the traces
# that polars would make of every file that it can't read.
fuzz: $(VENV)/installed
	RUST_BACKTRACE=0 POLARS_MAX_THREADS=1 LT4REC_FUZZ_EXAMPLES=$(FUZZ_EXAMPLES) $(BIN)/python -m pytest tests/fuzz -q \
		-n auto --dist load --maxschedchunk 1 --durations 0

# Known weaknesses of what is pinned, after the OSV database; where that can't be reached, says so.
audit:
	@$(PYTHON) -c 'import urllib.request as r; r.urlopen("https://api.osv.dev/v1/vulns/OSV-2020-111", timeout=10)' \
		2>/dev/null || { echo "audit skipped: https://api.osv.dev can't be reached from here"; exit 0; }; \
	$(PYTHON) -m venv build/audit && build/audit/bin/pip install --quiet pip-audit==$(PIP_AUDIT) && \
	grep -ohE '^(# )?[A-Za-z0-9._-]+==[^ ;]+' requirements.lock requirements-dev.lock | sed 's/^# //' \
		> build/audit/pins.txt && \
	build/audit/bin/pip-audit --vulnerability-service osv --no-deps --disable-pip -r build/audit/pins.txt

check: $(VENV)/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

fix: $(VENV)/installed
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

golden: $(VENV)/installed
	LT4REC_WRITE_GOLDEN=1 $(BIN)/python -m pytest tests/golden tests/poisons tests/faults/test_table.py

bench: $(VENV)/installed
	$(BIN)/python -m benchmarks $(BENCH_ARGS)

bench-peers: $(VENV)/installed
	$(BIN)/python -m benchmarks --peers $(BENCH_ARGS)

# Reused while the locks and the project file are what they were when it was made.
$(VENV)/installed: requirements.lock requirements-dev.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed, $(PYTHON) is $$($(PYTHON) --version)"; exit 2; }
	@echo "Setting up $(VENV) (once; some minutes) ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet $(if $(TORCH_INDEX),--index-url $(TORCH_INDEX)) \
		"$$(sed -n 's/^# \(torch==.*\)/\1/p' requirements.lock)"
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements-dev.lock
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

lock:
	rm -rf build/lock && $(PYTHON) -m venv build/lock
	build/lock/bin/pip install --quiet $(if $(TORCH_INDEX),--index-url $(TORCH_INDEX)) torch==2.13.0
	build/lock/bin/pip install --quiet setuptools '.[server]'
	$(MAKE) --silent freeze > build/runtime.txt
	build/lock/bin/pip install --quiet '.[dev,server]'
	$(MAKE) --silent freeze > build/all.txt
	{ echo '# Everything the project needs to run, pinned. Written by `make lock`.'; \
		echo '# Installed first, without a hash: its CPU build is another file of the same version.'; \
		sed -n 's/^torch==/# torch==/p' build/runtime.txt; grep -v '^torch==' build/runtime.txt; \
		} > requirements.lock
	{ echo '# What tests and checks need on top, pinned. Written by `make lock`.'; \
		echo '-r requirements.lock'; comm -13 build/runtime.txt build/all.txt; } > requirements-dev.lock
	$(MAKE) hashes

# Gives every pin the hashes of all its files anew; needed too after a pin was written by hand.
hashes:
	@mkdir -p build
	@test -x build/uv/bin/uv || { $(PYTHON) -m venv build/uv && build/uv/bin/pip install --quiet uv==$(UV); }
	@for lock in requirements.lock requirements-dev.lock; do \
		sed -n '/^#/p; s/^torch==/# torch==/p; /^-r/p' $$lock > build/$$lock; \
		grep -oE '^[A-Za-z0-9._-]+==[^ ;\\]+' $$lock | grep -v '^torch==' > build/pins.txt || exit 1; \
		build/uv/bin/uv pip compile --quiet --no-deps --generate-hashes --no-annotate --no-header \
			--universal --no-config build/pins.txt --output-file build/hashed.txt || exit 1; \
		cat build/hashed.txt >> build/$$lock && mv build/$$lock $$lock; \
	done

.PHONY: freeze
freeze:
	@build/lock/bin/pip freeze --all | grep -viE '^(pip|wheel|lt4rec)[ =]' | \
		sed 's/^torch==\([0-9.]*\).*/torch==\1/' | LC_ALL=C sort

clean:
	rm -rf $(VENV) build *.egg-info
