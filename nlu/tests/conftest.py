"""Tests of nlu/: `cd nlu && .venv/bin/python -m pytest tests`. They run in this project's own environment (Python 3.10)."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from components import light_rasa

light_rasa.prepare()
