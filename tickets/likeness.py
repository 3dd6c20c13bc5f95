"""How likely two reports of one estate are of the same thing: place, time, the thing spoken of, what is wrong with it, and the words.

What vetoes (another place, too long ago, an unrelated category) stands in code; words and windows stand in likeness.yaml, the usual
matters in matters.yaml, and the weights in likeness_weights.yaml, which `python -m tickets.fit_likeness` learns from labelled pairs.
"""

import math
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from config.yaml_text import read_yaml
from storage.models import TicketRow
from tickets.matters import Profile, by_words, overlap, privacy, profile
from tickets.same_place import PlaceWords, Where, another_place, differ, nowhere, other_landmark, where
from tickets.sentence_meaning import meaning
from understanding.features import Encoder
from understanding.places import find_place
from understanding.reading import Place
from understanding.spelling import mended

FILE = Path(__file__).resolve().parent / "likeness.yaml"
WEIGHTS = Path(__file__).resolve().parent / "likeness_weights.yaml"
_HEARD = 200  # characters of a report that tell what it is about
_THANKS = 2  # characters: “谢谢” after “修好了” reports nothing
_SURELY_PRIVATE, _MAYBE_PRIVATE = 0.5, 0.2
_SAME_WORDS = 0.75
_NO_OBJECT = "_"  # words of places that hold the name of a thing
_VAGUE_SIGNS = frozenset({"broken"})  # so general that it goes with any other


@dataclass(frozen=True)
class Report:
    """A report as compared: category id, place (fields), the resident's words and when they came (aware UTC)."""

    category: str
    place: Place
    text: str
    at: datetime


def report_of(row: TicketRow) -> Report:
    """A ticket as a report to compare with."""
    return Report(row.category, Place(row.community, row.building, row.unit, row.room, row.spot), row.description, row.opened_at)


@dataclass(frozen=True)
class _Data:
    windows: dict[str, timedelta]
    families: tuple[frozenset[str], ...]
    things: dict[str, re.Pattern[str]]
    parts: dict[str, frozenset[str]]
    signs: dict[str, re.Pattern[str]]
    objects: dict[str, str]
    object_words: re.Pattern[str]
    vague_objects: frozenset[str]
    kin_objects: tuple[frozenset[str], ...]
    over: re.Pattern[str]
    not_over: re.Pattern[str]
    idle: re.Pattern[str]
    personal: re.Pattern[str]
    personal_categories: frozenset[str]
    own_flat_categories: frozenset[str]
    places: PlaceWords


@cache
def _data() -> _Data:
    raw: dict[str, Any] = read_yaml(FILE.read_text(encoding="utf-8"))
    patterns = {name: {k: re.compile(v) for k, v in raw[name].items()} for name in ("things", "signs")}
    objects = {str(word): str(name) for name, words in raw["objects"].items() for word in words}
    return _Data(
        objects=objects,
        object_words=re.compile("|".join(map(re.escape, sorted(objects, key=len, reverse=True)))),
        windows={k: timedelta(hours=v) for k, v in raw["windows"].items()},
        parts={k: frozenset(v) for k, v in raw["parts"].items()},
        families=tuple(frozenset(f) for f in raw["families"]),
        vague_objects=frozenset(raw["vague_objects"]),
        kin_objects=tuple(frozenset(near) for near in raw["kin_objects"]),
        over=re.compile(raw["over"]),
        not_over=re.compile(raw["not_over"]),
        idle=re.compile(raw["idle"]),
        personal=re.compile(raw["personal"]),
        personal_categories=frozenset(raw["personal_categories"]),
        own_flat_categories=frozenset(raw["own_flat_categories"]),
        places=PlaceWords.of(raw),
        **patterns,
    )


@dataclass(frozen=True)
class Weights:
    """What was learnt: the weight of each feature, and from which likeness on two reports are offered as one."""

    threshold: float
    of: dict[str, float]


@cache
def weights(*, encoded: bool) -> Weights:
    """The weights learnt with the sentence encoder (`encoded`) or for words alone."""
    raw = read_yaml(WEIGHTS.read_text(encoding="utf-8"))["with_encoder" if encoded else "words_only"]
    return Weights(float(raw["threshold"]), {name: float(value) for name, value in raw["weights"].items()})


@dataclass(frozen=True)
class Look:
    """What a report says, read once: its words, those of its matter alone (no address, no courtesies), where it is, things and signs.

    `again`: something was put right or denied; `done`: all of it was."""

    report: Report
    words: str
    matter: str
    where: Where
    things: frozenset[str]
    signs: frozenset[str]
    objects: frozenset[str]
    again: bool
    done: bool


def look(report: Report) -> Look:
    """Read a report for comparing."""
    data, said = _data(), mended(report.text)[:_HEARD]
    words = _still_so(said)
    heard = f"{words or said} {report.place.spot or ''}".strip()
    place = report.place.merged_over(find_place(report.text[:_HEARD]))
    return Look(
        report=report,
        words=words,
        matter=data.idle.sub("", words) or words or said,
        where=where(heard, data.idle.sub("", heard), place, report.category, data.places, report.place.room),
        things=_things(heard),
        signs=frozenset(name for name, pattern in data.signs.items() if pattern.search(words)),
        objects=_objects(words),
        again=words != said,
        done=not words,
    )


def _still_so(said: str) -> str:
    """The words without the clauses that say something is over or not the case; empty when that is all they say."""
    data = _data()
    parts = re.split("[，。；！,;!\\s]", said)
    kept = [part for part in parts if not data.over.search(part) or data.not_over.search(part)]
    return said if len(kept) == len(parts) else "，".join(part for part in kept if len(part) > _THANKS)


def _things(text: str) -> frozenset[str]:
    """The things spoken of; a whole is left out where one of its parts is named."""
    data = _data()
    found = frozenset(name for name, pattern in data.things.items() if pattern.search(text))
    return frozenset(name for name in found if not data.parts.get(name, frozenset()) & found)


def _objects(text: str) -> frozenset[str]:
    """The physical things named; a vague one (门, 电梯) only where nothing more exact is."""
    data = _data()
    found = frozenset(data.objects[word] for word in data.object_words.findall(text)) - {_NO_OBJECT}
    return found - data.vague_objects or found


def _compatible(some: frozenset[str], others: frozenset[str]) -> bool:
    """Whether two sets of things can be one: they share one, or one names the whole of what the other names a part of."""
    parts = _data().parts
    nothing: frozenset[str] = frozenset()
    wholes = ((one, others) for one in some), ((one, some) for one in others)
    return bool(some & others) or any(parts.get(one, nothing) & of for side in wholes for one, of in side)


def related(one: str, other: str) -> bool:
    """Whether two categories may hold the same matter."""
    return one == other or any(one in family and other in family for family in _data().families)


@cache
def _neighbours(category: str) -> frozenset[str]:
    return frozenset({category}).union(*(family for family in _data().families if category in family))


def window(category: str) -> timedelta:
    """How far apart two reports of this category may be and still mean the same thing."""
    return _data().windows.get(category, _data().windows["default"])


def _profile(one: Look, encoder: Encoder | None) -> Profile:
    return profile(one.matter, one.report.category, _neighbours(one.report.category), encoder)


def _is_private(one: Look, private: float) -> bool:
    if one.report.category in _data().personal_categories:
        return bool(_data().personal.search(one.words))
    if one.report.category in _data().own_flat_categories and one.where.home and not one.where.outage:
        return True
    if one.where.only_mine:
        return True
    if one.where.outage or "roof" in one.where.spots:
        return False
    if one.report.category == "indoor_repair":
        return True
    if one.where.shared:
        return False
    return private >= (_MAYBE_PRIVATE if one.where.home else _SURELY_PRIVATE)


def features(a: Look, b: Look, encoder: Encoder | None) -> dict[str, float] | None:
    """What speaks for and against, by the names of the weights, each about 0..1; None when something rules it out."""
    if abs(a.report.at - b.report.at) > min(window(a.report.category), window(b.report.category)):
        return None
    if a.done or b.done:
        return None
    mine, yours = _profile(a, encoder), _profile(b, encoder)
    alone = _is_private(a, privacy(mine)), _is_private(b, privacy(yours))
    if another_place(a.where, b.where, private=any(alone)):
        return None
    alike = by_words(a.matter, b.matter)
    return {
        "bias": 1.0,
        **_of_things(a, b),
        **_of_places(a, b, private=any(alone)),
        "same_category": float(a.report.category == b.report.category),
        "unrelated": float(not related(a.report.category, b.report.category)),
        "one_private": abs(privacy(mine) - privacy(yours)),
        "matter": overlap(mine, yours),
        "words": alike,
        "same_words": float(alike >= _SAME_WORDS),
        "again": float(a.again != b.again),
        "age": abs(a.report.at - b.report.at) / window(a.report.category),
        **meaning((a.matter, a.report.category), (b.matter, b.report.category), encoder),
    }


def _of_things(a: Look, b: Look) -> dict[str, float]:
    """What the things spoken of and what is wrong with them say."""
    told = a.signs - _VAGUE_SIGNS, b.signs - _VAGUE_SIGNS
    same_object, same_sign = bool(a.objects & b.objects), bool(told[0] & told[1])
    other_sign = bool(told[0] and told[1] and not same_sign)
    return {
        "same_thing": float(bool(a.things & b.things)),
        "other_thing": float(bool(a.things and b.things and not _compatible(a.things, b.things))),
        "same_object": float(same_object),
        "other_object": float(_other_objects(a.objects, b.objects)),
        "one_object": float(bool(a.objects) != bool(b.objects)),
        "more_objects": float(same_object and a.objects != b.objects),
        "same_sign": float(same_sign),
        "other_sign": float(other_sign),
        "object_other_sign": float(same_object and other_sign),
        "object_same_sign": float(same_object and same_sign),
    }


def _of_places(a: Look, b: Look, *, private: bool) -> dict[str, float]:
    """What the words about the place say; `unplaced`: of one flat, and on one side nobody knows of which."""
    rooms, spots = (a.where.place.room, b.where.place.room), (a.where.spots, b.where.spots)
    same_floor = bool(a.where.marks.get("floor", frozenset()) & b.where.marks.get("floor", frozenset()))
    return {
        "same_mark": float(bool(a.where.marks.keys() & b.where.marks.keys())),
        "same_spot": float(bool(spots[0] & spots[1])),
        "other_spot": float(bool(spots[0] and spots[1] and not spots[0] & spots[1])),
        "other_landmark": float(other_landmark(*spots)),
        "same_room": float(rooms[0] is not None and rooms[0] == rooms[1]),
        "other_room": float(differ(*rooms)),
        "unplaced": float(private and None in rooms and not same_floor),
        "nowhere": float(nowhere(a.where) and nowhere(b.where) and not spots[0] & spots[1]),
        "same_unit": float(a.where.place.unit is not None and a.where.place.unit == b.where.place.unit),
    }


def kin(objects: frozenset[str]) -> frozenset[str]:
    """These objects with those they are often confused with."""
    return objects.union(*(near for near in _data().kin_objects if near & objects))


def _other_objects(some: frozenset[str], others: frozenset[str]) -> bool:
    """Whether both name things and no two of them are one or often confused."""
    return bool(some and others and not kin(some) & others)


def likeness(a: Look, b: Look, encoder: Encoder | None) -> float:
    """0..1: how sure it is that both mean the same thing in the same place at the same time; 0 when something rules it out."""
    found = features(a, b, encoder)
    if found is None:
        return 0.0
    of = weights(encoded=encoder is not None).of
    return 1 / (1 + math.exp(-sum(of.get(name, 0.0) * value for name, value in found.items())))


def threshold(encoder: Encoder | None) -> float:
    """From which likeness on two reports are offered as one."""
    return weights(encoded=encoder is not None).threshold
