"""The published JSON Schemas of docs/schemas, by name."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from storage.outbox import TYPES

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "schemas"
TICKET = "ticket.v1"
UPDATE = "linda.ticket.update.v1"
URN = "urn:linda:schema:"


@cache
def schemas() -> dict[str, dict[str, Any]]:
    """All schemas by file name without ending. A missing file or an `$id` that is not the file's name is a bug (ValueError)."""
    found: dict[str, dict[str, Any]] = {}
    for name in (TICKET, *TYPES, UPDATE):
        schema = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
        if schema.get("$id") != URN + name:
            raise ValueError(f"{name}.json: $id is {schema.get('$id')}")
        found[name] = schema
    return found
