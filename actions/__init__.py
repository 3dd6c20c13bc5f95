"""Decisions: one file per capability, from a turn to an answer. `rasa_adapter.py` alone knows rasa_sdk."""
