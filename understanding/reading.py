"""The record of what was read out of one message. Everything else in the flow works on it."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Place:
    """A place as said. building/unit/room in ASCII digits and letters (三栋 -> "3", B座 -> "B", 甲3 -> "甲3"); None where not said."""

    community: str | None = None
    building: str | None = None
    unit: str | None = None
    room: str | None = None
    spot: str | None = None  # words of the spot: 电梯, 地下车库B2, 五楼东户厨房

    def is_empty(self) -> bool:
        """Whether nothing at all was said about the place."""
        return not any((self.community, self.building, self.unit, self.room, self.spot))

    def merged_over(self, earlier: "Place") -> "Place":
        """This place with its gaps filled from `earlier`; a new building drops the earlier unit and room."""
        moved = self.building is not None and self.building != earlier.building and earlier.building is not None
        base = Place(community=earlier.community, spot=earlier.spot) if moved else earlier
        return Place(
            self.community or base.community,
            self.building or base.building,
            self.unit or base.unit,
            self.room or base.room,
            self.spot or base.spot,
        )


@dataclass(frozen=True)
class EmergencyFinding:
    """An emergency heard in the message: category id of config/categories.yaml, confidence 0..1, the words that told it."""

    category: str
    confidence: float
    words: str


@dataclass(frozen=True)
class CategoryGuess:
    """One possible category of a report with its calibrated probability 0..1."""

    kind: str  # repair | complaint
    category: str
    confidence: float


@dataclass(frozen=True)
class Reading:
    """What one cleaned message says, apart from its intent."""

    text: str  # cleaned, at most 1,000 characters, simplified, half-width
    raw: str  # as received
    place: Place = Place()
    phones: tuple[str, ...] = ()
    times: tuple[str, ...] = ()  # the words of each time said, in order
    names: tuple[str, ...] = ()
    emergency: EmergencyFinding | None = None
    likely_danger: str | None = None  # the emergency category this would be, were it one
    categories: tuple[CategoryGuess, ...] = ()  # best first, at most 5
    parts: tuple[str, ...] = field(default=())  # the message split in matters when it holds two
