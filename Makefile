# 邻答 Linda. Needs python3 (3.11–3.13), make and the package registries; everything else is brought along.
PYTHON ?= python3
LINDA := .venv/bin/linda

.PHONY: install run test check unit browser faults bench evaluate clean fit-spots

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

fit-spots: install  ## learn anew the network that hears spots (needs PyTorch, kept apart in .tools/fit; several minutes)
	@test -x .tools/fit/bin/python || { $(PYTHON) -m venv .tools/fit && .tools/fit/bin/pip install --quiet -r requirements.lock && .tools/fit/bin/pip install --quiet torch==2.13.0; }
	@.tools/fit/bin/python -m processes.fit_spots tests/understanding/development_*.yml tests/understanding/fitting_*.yml \
	  tests/unit/tickets/incidents_*.yml --validate tests/understanding/development_q.yml tests/understanding/fitting_x.yml \
	  tests/unit/tickets/incidents_l.yml
