"""The spot of a report heard by meaning: a small network over the encoder's vectors of each token and what the grammar (spots.py) found.

The grammar knows many words for places and hears one wherever such a word is said; the network has seen where in a sentence the place
is told and where a thing is only talked about, and hears places the grammar has no word for. Its weights (spot_tagger.npz) are learnt
by `make fit-spots` from sentences with their spots marked.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from understanding.features import READ, Floats
from understanding.spelling import mended
from understanding.spots import trimmed

FILE = Path(__file__).resolve().parent / "spot_tagger.npz"
OUTSIDE, BEGIN, INSIDE = 0, 1, 2
MARKS = 3  # of the grammar for each token: begins a spot, goes on with one, is a token
LONGEST = 20  # tokens of a spot
LEAN = 1.0  # towards hearing a spot, in nats: a spot left out is asked for again, one too many is seen in the summary and put right
_REMEMBERED = 256


@dataclass(frozen=True)
class Tokens:
    """A text as the encoder reads it: its vectors, shape (n, 512), and for each token (start, end) in the text; (0, 0) for edge marks."""

    states: Floats
    spans: tuple[tuple[int, int], ...]


class TokenEncoder(Protocol):
    """A sentence encoder that also tells its tokens."""

    def tokens(self, text: str) -> Tokens: ...


@dataclass(frozen=True)
class Layers:
    """Weights by name: `first` (512 + MARKS, width), `near0`, `near1` (k, width, width), `last` (width, 3), each with its `…_bias`."""

    of: Mapping[str, Floats]

    def save(self, file: Path = FILE) -> None:
        """Write them in halves of precision."""
        halves: dict[str, NDArray[np.float16]] = {name: weights.astype(np.float16) for name, weights in self.of.items()}
        np.savez_compressed(file, **halves)  # type: ignore[arg-type]

    def scores(self, states: Floats, marks: Floats) -> Floats:
        """Of each token, log odds of BEGIN and INSIDE against OUTSIDE, shape (n, 2)."""
        seen = _gelu(np.hstack([states, marks]) @ self.of["first"] + self.of["first_bias"])
        for name in ("near0", "near1"):
            seen = seen + _gelu(_convolved(seen, self.of[name]) + self.of[f"{name}_bias"])
        rows = seen @ self.of["last"] + self.of["last_bias"]
        return np.asarray(rows[:, [BEGIN, INSIDE]] - rows[:, [OUTSIDE]], dtype=np.float32)


def load_layers(file: Path = FILE) -> Layers:
    """What `Layers.save` wrote."""
    with np.load(file, allow_pickle=False) as held:
        return Layers({name: held[name].astype(np.float32) for name in held.files})


def _gelu(x: Floats) -> Floats:
    return np.asarray(0.5 * x * (1 + np.tanh(0.7978845608 * (x + 0.044715 * x**3))), dtype=np.float32)


def _convolved(rows: Floats, kernel: Floats) -> Floats:
    """Each row with its neighbours; `kernel`: (k, width in, width out), the middle one for the row itself."""
    reach = len(kernel) // 2
    padded = np.pad(rows, ((reach, reach), (0, 0)))
    return np.asarray(sum(padded[at : at + len(rows)] @ kernel[at] for at in range(len(kernel))), dtype=np.float32)


def marks_of(text: str, grammar: str | None, spans: tuple[tuple[int, int], ...]) -> Floats:
    """What the grammar's words (parts with a blank between) say of each token, shape (n, MARKS)."""
    marks = np.zeros((len(spans), MARKS), dtype=np.float32)
    marks[:, 2] = 1.0
    for words in (grammar or "").split(" "):
        within = tokens_of(words, text, spans)
        marks[within[:1], 0] = 1.0
        marks[within[1:], 1] = 1.0
    return marks


def tokens_of(words: str, text: str, spans: tuple[tuple[int, int], ...]) -> list[int]:
    """The numbers of the tokens that hold some of `words` where they first stand in `text`; none where they do not."""
    start = text.find(words) if words else -1
    end = start + len(words)
    return [at for at, (begins, ends) in enumerate(spans) if start >= 0 and begins < end and start < ends]


def best_span(scores: Floats, lean: float = LEAN) -> tuple[int, int] | None:
    """(first, last) token of the likeliest spot, or None where none is likelier than that none is told. Edge marks are never in it."""
    best, found = 0.0, None
    for start in range(1, len(scores) - 1):
        going_on = scores[start + 1 : min(start + LONGEST, len(scores) - 1), 1] + lean
        sums = np.concatenate([[0.0], np.cumsum(going_on)])
        length = int(sums.argmax())
        likely = float(scores[start, 0]) + lean + float(sums[length])
        if likely > best:
            best, found = likely, (start, start + length)
    return found


class SpotTagger:
    """Hears spots; safe to share between threads."""

    def __init__(self, encoder: TokenEncoder, layers: Layers | None = None, lean: float = LEAN) -> None:
        self._encoder, self._layers, self._lean = encoder, layers or load_layers(), lean
        self.hear = lru_cache(maxsize=_REMEMBERED)(self._hear)

    def _hear(self, text: str, grammar: str | None) -> str | None:
        """The words of the spot as they stand in the cleaned `text`, or None. `grammar`: what spots.find_spot heard."""
        meant = mended(text)
        heard = (meant if len(meant) == len(text) else text)[:READ]
        if len(heard.lower()) != len(heard):  # the encoder reads lower case: its spans would point elsewhere
            return grammar
        tokens = self._encoder.tokens(heard)
        span = best_span(self._layers.scores(tokens.states, marks_of(text, grammar, tokens.spans)), self._lean)
        if span is None:
            return None
        return trimmed(text[tokens.spans[span[0]][0] : tokens.spans[span[1]][1]]) or None
