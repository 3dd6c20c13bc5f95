"""One message in, its Reading out: what every turn starts with."""

from collections.abc import Mapping, Sequence
from functools import lru_cache

from understanding.categories import rank_categories
from understanding.emergencies import decide, tell, without_unsaid
from understanding.features import Encoder, Floats, Vector, meaning_of
from understanding.intents import guess_intent
from understanding.models import Models
from understanding.names import find_names
from understanding.parts import divide
from understanding.phones import find_phones
from understanding.places import find_place
from understanding.reading import EmergencyFinding, Reading
from understanding.spelling import mended
from understanding.spot_tagger import SpotTagger
from understanding.text_gate import clean
from understanding.times import find_times

AMONG = 0.75  # weight of the intent model beside the model of emergencies alone: it knows what else a message may be
BY_CHARACTERS = 0.85  # without the encoder both are less to be believed
_SURE_MATTER = 0.2  # least probability for a part to be a matter of its own
_AS_WRITTEN = 120  # characters: past this another reader of the same text may cut it elsewhere
_REPORTS = {"report_repair", "report_complaint", "report_emergency", "ask_policy"}


class Reader:
    """Reads messages; safe to share between threads. `communities_by_region`: the estates of each region, by region id; `spots`: hears
    the spot by meaning (without one the grammar alone does)."""

    def __init__(
        self,
        models: Models,
        communities_by_region: Mapping[str, Sequence[str]] | None = None,
        encoder: Encoder | None = None,
        spots: SpotTagger | None = None,
    ) -> None:
        self._spots = spots
        self._models = models
        self._communities = {region: tuple(names) for region, names in (communities_by_region or {}).items()}
        self._encoder = encoder
        self._vector = lru_cache(maxsize=512)(self._vector_of)
        self._intents = lru_cache(maxsize=512)(self._intents_of)
        self.read("三号楼二单元五零二水管漏了")  # patterns, syllables and converter are made once, not by the first resident

    def read(self, raw: str | bytes, region: str | None = None) -> Reading:
        """What the message says. Refused when it is no valid text; an empty message gives an empty Reading."""
        text = clean(raw)
        kept = raw if isinstance(raw, str) else raw.decode("utf-8")
        if not text:
            return Reading("", kept)
        return Reading(
            text=text,
            raw=kept,
            place=find_place(text, self._communities.get(region or "", ()), self._spots),
            phones=find_phones(text),
            times=find_times(text),
            names=find_names(text),
            emergency=self.find_emergency(text),
            likely_danger=self.likely_danger(text),
            categories=rank_categories(self._models.of("category", self._vector(text)), self._vector(text)),
            parts=divide(text, self._matter),
        )

    def find_emergency(self, text: str) -> EmergencyFinding | None:
        """The emergency a cleaned message tells of, or None."""
        heard = without_unsaid(mended(text))
        heard = text if heard == mended(text) else heard
        vector = self._vector(heard)
        alone = self._models.of("danger", vector).chance("danger", vector)
        among = self._intents(heard).get("report_emergency", 0.0)
        danger = (1 - AMONG) * alone + AMONG * among if vector.meaning is not None else BY_CHARACTERS * (alone + among) / 2
        return decide(tell(text), danger, self._models.of("danger_category", vector).ranking(vector))

    def likely_danger(self, text: str) -> str:
        """The emergency category a cleaned message would belong to, were it an emergency."""
        vector = self._vector(text)
        return self._models.of("danger_category", vector).ranking(vector)[0][0]

    def guess_intent(self, text: str, region: str | None = None) -> tuple[str, float]:
        """The fallback intent of a message and its probability (used when Rasa is away)."""
        return self.intent_of(self.read(text, region))

    def intent_of(self, reading: Reading) -> tuple[str, float]:
        """The fallback intent of a message already read."""
        if not reading.text:
            return "out_of_scope", 0.0
        return guess_intent(self._intents(reading.text), reading)

    def intents_of(self, reading: Reading) -> dict[str, float]:
        """The probability of each intent of a message already read, by our own classifier."""
        if not reading.text:
            return {}
        return dict(self._intents(reading.text))

    def meaning_as_written(self, reading: Reading) -> Floats | None:
        """The encoder's vector of a message's very text, shape (512,); None when its spelling was mended, it is long, or none was made."""
        text = reading.text
        if not text or len(text) > _AS_WRITTEN or mended(text) != text:
            return None
        return self._vector(text).meaning

    def _vector_of(self, text: str) -> Vector:
        return self._models.featurizer.vector(text, meaning_of(text, self._encoder))

    def _intents_of(self, text: str) -> dict[str, float]:
        """The probability of each intent of a text, best first."""
        vector = self._vector(text)
        return dict(self._models.of("intent", vector).ranking(vector))

    def _matter(self, part: str) -> str | None:
        vector = self._vector(part)
        if next(iter(self._intents(part))) not in _REPORTS:
            return None
        best, chance = self._models.of("category", vector).ranking(vector)[0]
        return best if chance >= _SURE_MATTER else None
