# make demo     a picture of an anime character in, a sheet of expressions out
# make serve    the gateway at http://127.0.0.1:8000
# make triton   a real Triton on model_repository, gRPC at 127.0.0.1:8001
# make test     every test, but for those on real servers:
# make integration  those
# make check    formatting, lint, types, import walls
# make audit    known vulnerabilities among the dependencies
# make bench    the figures of the gateway in docs/benchmarks.md

PYTHON ?= python3
PIP_INSTALL := -m pip install --quiet --disable-pip-version-check --no-compile -c constraints.txt

export ORT_DISABLE_TELEMETRY := 1

.PHONY: demo serve triton test integration check audit bench clean
.DELETE_ON_ERROR:

demo: .venv/.made
	.venv/bin/python examples/demo.py $(if $(PICTURE),--picture "$(PICTURE)")

serve: export CELMOOD_BATCHES ?= out/batches
serve: .venv/.made
	.venv/bin/python -m serving $(ARGS)

triton: .venv-triton/.made
	.venv-triton/bin/python -m deploy.triton.serve $(ARGS)

test: .venv-dev/.made
	.venv-dev/bin/python -m pytest $(ARGS)

integration: .venv-dev/.made .venv-triton/.made
	.venv-dev/bin/python -m pytest -m integration tests/integration $(ARGS)

check: .venv-dev/.made
	.venv-dev/bin/ruff format --check .
	.venv-dev/bin/ruff check .
	.venv-dev/bin/mypy
	.venv-dev/bin/lint-imports

audit: .venv-audit/.made
	.venv-audit/bin/python .ci/audit.py $(ARGS)

bench: .venv-dev/.made .venv-triton/.made
	.venv-dev/bin/python -m benchmarks --triton $(ARGS)

# Serving only: no torch.
.venv/.made: pyproject.toml constraints.txt clients/python/pyproject.toml
	$(PYTHON) -m venv --clear .venv
	.venv/bin/python $(PIP_INSTALL) -e ".[serve]" -e clients/python
	touch $@

# Everything: trainer, exporter, both engines, the tools.
.venv-dev/.made: pyproject.toml constraints.txt clients/python/pyproject.toml
	$(PYTHON) -m venv --clear .venv-dev
	.venv-dev/bin/python $(PIP_INSTALL) -e ".[dev]" -e clients/python
	touch $@

# The server, its Python backend and onnxruntime; its numpy is older than ours.
.venv-triton/.made: deploy/triton/requirements.txt
	$(PYTHON) -m venv --clear .venv-triton
	.venv-triton/bin/python -m pip install --quiet --disable-pip-version-check --no-compile \
	    --no-deps -r $<
	touch $@

# A tool apart: what it needs is none of what it looks at.
.venv-audit/.made: constraints.txt
	$(PYTHON) -m venv --clear .venv-audit
	.venv-audit/bin/python $(PIP_INSTALL) pip-audit
	touch $@

clean:
	rm -rf .venv .venv-audit .venv-dev .venv-triton out .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
