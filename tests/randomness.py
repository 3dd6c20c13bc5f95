"""What a person reads in a text: without the ticket numbers, tokens and times in which any digits may stand by chance."""

import re

_CHANCE = re.compile(r"LD\d{8,}|\d{4}-\d{2}-\d{2}[T ][0-9:.+Z]+|(?=[0-9]*[A-Za-z_])[A-Za-z0-9_-]{16,}")


def without_random(text: object) -> str:
    """`text` without them, so that `"502" not in without_random(page)` fails only when the room is there."""
    return _CHANCE.sub("", str(text))
