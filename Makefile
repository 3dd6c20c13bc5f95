# 邻答 Linda. Needs python3 (3.11–3.13), make and the package registries; everything else is brought along.
PYTHON ?= python3
LINDA := .venv/bin/linda

.PHONY: install run test check unit browser faults bench evaluate clean

install:            ## install what is missing
	@$(PYTHON) processes/install.py

run: install        ## start everything on http://127.0.0.1:8080
	@exec $(LINDA) up

test: install       ## every test; services that do not answer are reported as skipped with the reason
	@$(LINDA) prepare
	@.venv/bin/ruff check .
	@.venv/bin/mypy
	@.venv/bin/lint-imports
	@.venv/bin/python -m config.check
	@.venv/bin/python -m committee.check
	@.venv/bin/python -m knowledge.check
	@cd nlu && .venv/bin/python -m pytest tests
	@.venv/bin/python -m pytest -n 2 --dist loadfile -rs -m "not slow"

check: install      ## quick checks while writing
	@.venv/bin/ruff check . && .venv/bin/mypy && .venv/bin/lint-imports

evaluate: install   ## every figure of understanding and policy answers on the held-out sets
	@$(LINDA) eval understanding
	@$(LINDA) eval policy

faults: install     ## the long fault suite
	@.venv/bin/python -m pytest -rs -m slow tests

bench: install      ## turns a second over real HTTP and real Rasa
	@$(LINDA) bench turn

clean:              ## remove what was installed and built, not the data
	rm -rf .venv .tools nlu/.venv nlu/models nlu/stock/.venv nlu/stock/models node_modules var/understanding var/index var/static
