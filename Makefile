# Two commands are enough: `make demo`, then `make test`. Both set up what they need.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV   := .venv
BIN    := $(VENV)/bin
OSCAR  := DJANGO_SETTINGS_MODULE=settings.oscar
MANAGE := $(BIN)/python manage.py
MKDOCS := NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs
# Two busy thread pools on two cores make each other several times slower when they spin.
export OMP_WAIT_POLICY := passive
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: demo serve test lint bench docs clean demo-oscar serve-oscar test-oscar test-wheel test-browser screenshots messages

demo: $(VENV)/.demo
	$(MANAGE) migrate --verbosity 0
	$(MANAGE) demo $(if $(IMAGES),--images "$(IMAGES)")

serve: $(VENV)/.demo
	$(MANAGE) migrate --verbosity 0
	$(MANAGE) runserver $(if $(PORT),$(PORT),8000)

# All tests but the browser's take two processes; with ARGS, such as ARGS=tests/api, one.
test: $(VENV)/.dev
	$(BIN)/python -m pytest $(if $(ARGS),$(ARGS),--ignore tests/browser --numprocesses 2 --dist loadfile)

# In Debian's Chromium; without it, or without Node.js for the audit, what is missing is said.
test-browser: $(VENV)/.dev $(VENV)/.oscar tests/browser/node_modules/.ready
	$(BIN)/python -m pytest $(if $(ARGS),$(ARGS),tests/browser)
	$(if $(ARGS),,SHOP_STYLE_OSCAR_FOLDER=temporary $(BIN)/python -m pytest --ds settings.oscar tests/browser/oscar)

# Pictures of every page for the docs, of what `make demo` has left.
screenshots: $(VENV)/.dev
	$(BIN)/python -m tests.browser.screenshots $(ARGS)

demo-oscar: $(VENV)/.oscar
	$(OSCAR) $(MANAGE) migrate --verbosity 0
	$(OSCAR) $(MANAGE) demo_oscar

serve-oscar: $(VENV)/.oscar
	$(OSCAR) $(MANAGE) migrate --verbosity 0
	$(OSCAR) $(MANAGE) runserver $(if $(PORT),$(PORT),8000)

test-oscar: $(VENV)/.dev $(VENV)/.oscar
	SHOP_STYLE_OSCAR_FOLDER=temporary $(BIN)/python -m pytest --ds settings.oscar $(if $(ARGS),$(ARGS),tests/oscar)

# The wheel alone, in an environment of its own outside this folder, under the Oscar host's tests.
test-wheel: $(VENV)/.dev
	.ci/wheel $(BIN)/python

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	DJANGO_SETTINGS_MODULE=settings.test $(MANAGE) makemigrations --check --dry-run

bench: $(VENV)/.bench
	$(BIN)/python -m tests.benchmarks $(ARGS)

# Takes new strings into the catalogue and compiles it: docs/translating.md. Needs GNU gettext.
messages: $(VENV)/.dev
	$(BIN)/python -m tests.language.catalogue $(ARGS)

# Pages that are written from the code, then the site, in build/site; a link to nowhere is an error.
docs: $(VENV)/.docs
	$(BIN)/python -m tests.api.reference
	$(BIN)/python -m tests.docs.reference
	$(MKDOCS) build --strict --quiet

.PHONY: serve-docs
serve-docs: $(VENV)/.docs
	$(MKDOCS) serve --dev-addr 127.0.0.1:$(if $(PORT),$(PORT),8000)

$(VENV)/.docs: $(VENV)/.dev
	$(BIN)/pip install --quiet -c constraints.txt -e ".[docs]"
	touch $@

clean:
	rm -rf $(VENV) var build dist

$(VENV)/.python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or later is needed; set PYTHON=/path/to/python3.11"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	touch $@

$(VENV)/.demo: $(VENV)/.python pyproject.toml constraints.txt
	$(BIN)/pip install --quiet -c constraints.txt -e .
	touch $@

# gbstats, an oracle of the tests, without its dependencies: it asks for numpy<2 and pandas<2, which
# the parts that are compared do not need. In a folder of its own, where pip does not miss them at
# every later installation.
$(VENV)/.dev: $(VENV)/.python pyproject.toml constraints.txt
	$(BIN)/pip install --quiet -c constraints.txt -e ".[dev]"
	$(BIN)/pip install --quiet --no-deps --upgrade --target $(VENV)/oracles gbstats==0.8.0
	$(BIN)/python -c "import pathlib, sys, sysconfig; \
		folder = pathlib.Path(sysconfig.get_path('purelib'), 'oracles.pth'); \
		folder.write_text(str(pathlib.Path('$(VENV)', 'oracles').resolve()))"
	touch $@ $(VENV)/.demo

$(VENV)/.oscar: $(VENV)/.python pyproject.toml constraints.txt
	$(BIN)/pip install --quiet -c constraints.txt -e ".[oscar]"
	touch $@

tests/browser/node_modules/.ready: tests/browser/package-lock.json
	npm ci --prefix tests/browser --no-audit --no-fund --silent && touch $@ \
		|| echo "axe-core did not come from npm: the audit of pages will be skipped"

# The peers and the judge of the benchmarks, which neither the tests nor the plugin need.
$(VENV)/.bench: $(VENV)/.dev
	$(BIN)/pip install --quiet -c constraints.txt -e ".[dev,bench]"
	touch $@
