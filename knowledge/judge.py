"""Whether the best provision really answers: a logistic model over similarity, margins, agreement of kinds, and the nearest gap."""

import numpy as np
from numpy.typing import NDArray

from knowledge.candidates import Field
from knowledge.measures import MEASURE_SIGNS, measure_signs
from knowledge.plan import same_line
from knowledge.provisions import Provision
from knowledge.search import FEATURES

SIGNS = (
    "q_best", "q_three", "answer", "asks", "quote", "g_question", "g_answer", "g_passage", "covered", "agree", "unit", "money",
    "score", "margin", "gap_best", "gap_three", "away", "away_words", "short", *MEASURE_SIGNS,
)  # fmt: skip
_CLOSE = 3  # an answer states up to three provisions


def _words(provision: Provision) -> str:
    return provision.quote + provision.answer


def signs(found: Field) -> NDArray[np.float32]:
    """The features of the decision, shape (1, len(SIGNS)); the candidates must not be empty."""
    first = found.candidates[0]
    row = dict(zip(FEATURES, map(float, first.row), strict=True))
    others = [c.score for c in found.candidates[1:] if not same_line(c.provision.clause, first.provision.clause)]
    row["score"] = first.score
    row["margin"] = min(first.score - others[0], 6.0) if others else 6.0
    row["gap_best"] = found.gap[0] - row["q_best"]
    row["gap_three"] = found.gap[1] - row["q_three"]
    row["away"] = min(max(found.away[0] - first.score, -1.0), 4.0)
    row["away_words"] = max(found.away[1] - row["g_passage"], 0.0)
    row["money"] = float("money" in found.asked.units or "contact" in found.asked.units) * (row["unit"] < 0)
    row["short"] = max(0.0, 8.0 - len(found.asked.text)) / 8.0
    close = [c.provision for c in found.candidates[1:_CLOSE] if c.score > first.score - 1.0]
    row |= measure_signs(found.asked.text, _words(first.provision), [_words(p) for p in close])
    return np.array([[row[name] for name in SIGNS]], dtype=np.float32)
