"""An Open311 report becomes a ticket."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.api_keys import ApiCaller
from backend.open311.services import PLACE_FIELDS, service_of
from config.refusal import Refused
from config.regions import Region, regions
from storage.columns import refuse_nul
from storage.models import TicketRow
from storage.personal_data import PersonalData
from tickets.open_ticket import NewTicket, open_ticket
from understanding.places import find_place
from understanding.reading import Place

LONGEST = {"description": 4000, "address_string": 300, "phone": 40, "first_name": 60, "last_name": 60}
LENGTHS = {"community": 80, "building": 20, "unit": 20, "room": 20, "spot": 120}
_NUMBER = re.compile(r"^-?\d{1,3}(\.\d{1,12})?$")


@dataclass(frozen=True)
class Report:
    """The form's fields, checked for length and characters; empty ones are left out."""

    fields: Mapping[str, str]
    once: str | None  # Idempotency-Key: the same report again opens nothing new

    def get(self, name: str) -> str | None:
        """A field, None when not given."""
        return self.fields.get(name)


def read_report(form: Mapping[str, str], once: str | None) -> Report:
    """Check the form's fields. Refused (400) for text that cannot be stored or is too long."""
    fields: dict[str, str] = {}
    for name, value in form.items():
        try:
            refuse_nul(value)
        except ValueError:
            raise Refused(f"{name[:40]} 里有不能保存的字符", "去掉后再发", code="bad_characters") from None
        limit = LONGEST.get(name, 1000)
        if len(value) > limit:
            raise Refused(f"{name[:40]} 超过 {limit} 字", "缩短后再发", code="too_long")
        if value.strip():
            fields[name] = value.strip()
    return Report(fields, once)


def region_of(who: ApiCaller, wanted: str | None) -> Region:
    """The region a request is about: jurisdiction_id, else the only one of the key. Refused 400 not given, 404 unknown or not the key's."""
    chosen = wanted or (who.regions[0] if len(who.regions) == 1 else None)
    if chosen is None:
        raise Refused("没有写 jurisdiction_id", "写上地区 id，例如 donghe", code="no_jurisdiction")
    region = regions().get(chosen)
    if region is None or not region.selectable or not who.sees(chosen):
        raise Refused("没有这个 jurisdiction_id", "核对地区 id 和密钥的范围", status=404, code="unknown_jurisdiction")
    return region


def _place(report: Report, region: Region) -> Place:
    """The attributes, filled up from the address; coordinates stay as words of the spot, we keep no map."""
    said: dict[str, str] = {}
    for field in PLACE_FIELDS:
        value = report.get(f"attribute[{field}]")
        if value and len(value) > LENGTHS[field]:
            raise Refused(f"attribute[{field}] 超过 {LENGTHS[field]} 字", "缩短后再发", code="too_long")
        if value:
            said[field] = value
    address = report.get("address_string") or report.get("address")
    found = find_place(address, [c.name for c in region.communities]) if address else Place()
    place = Place(**said).merged_over(found)
    lat, long = report.get("lat"), report.get("long")
    if (lat or long) and not (lat and long and _NUMBER.match(lat) and _NUMBER.match(long)):
        raise Refused("lat 和 long 要成对写，用十进制度", "例如 lat=40.58&long=110.03", code="bad_coordinates")
    if not place.spot:
        where = (address or f"{lat},{long}")[: LENGTHS["spot"]] if address or lat else None
        place = Place(place.community, place.building, place.unit, place.room, where)
    if place.is_empty():
        raise Refused("没有写地点", "写 address_string，或 lat 与 long，或 attribute[community] 等", code="no_place")
    return place


def _person(session: Session, people: PersonalData, report: Report, now: datetime) -> str | None:
    name = "".join(filter(None, (report.get("last_name"), report.get("first_name")))) or None
    phone = report.get("phone")
    return people.remember_person(session, name=name, phone=phone, now=now) if name or phone else None


def _opened_before(session: Session, turn: str | None) -> TicketRow | None:
    return session.scalar(select(TicketRow).where(TicketRow.turn_id == turn)) if turn else None


def open_report(session: Session, who: ApiCaller, report: Report, people: PersonalData, now: datetime) -> TicketRow:
    """Open the ticket in the caller's transaction; the same Idempotency-Key of the same system gives the same ticket.

    Refused: 400 a field is missing or wrong, 404 no such service or jurisdiction.
    """
    region = region_of(who, report.get("jurisdiction_id"))
    code = report.get("service_code")
    if not code:
        raise Refused("没有写 service_code", "从 services 里选一个", code="no_service")
    category = service_of(code)
    if category is None:
        raise Refused("没有这个 service_code", "从 services 里选一个", status=404, code="unknown_service")
    if not report.get("description"):
        raise Refused("没有写 description", "写一句发生了什么", code="no_description")
    place = _place(report, region)
    turn = f"o{hashlib.sha256(f'{who.key_id}:{report.once}'.encode()).hexdigest()[:32]}" if report.once else None
    earlier = _opened_before(session, turn)
    if earlier is not None:
        return earlier
    person_id = _person(session, people, report, now)
    new = NewTicket(
        kind=category.kind,
        category=category.id,
        region=region.id,
        property_form=None,
        place=place,
        description=str(report.get("description")),
        occurred=None,
        urgent=category.kind == "emergency",
        anonymous=person_id is None,
        person_id=person_id,
        conversation_id=None,
        turn_id=turn,
    )
    return open_ticket(session, new, now)
