"""Which category of repair or complaint a report belongs to, best guess first."""

from config.categories import categories
from understanding.features import Vector
from understanding.linear import LinearModel
from understanding.reading import CategoryGuess

KEPT = 5


def rank_categories(model: LinearModel, vector: Vector) -> tuple[CategoryGuess, ...]:
    """The five likeliest categories of all repair and complaint ids with calibrated probabilities, best first."""
    known = categories()
    ranking = model.ranking(vector)[:KEPT]
    return tuple(CategoryGuess(known[label].kind, label, round(chance, 4)) for label, chance in ranking)
