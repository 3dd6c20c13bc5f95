"""The office behind Telegram's staff groups: the console's own scope, firewall, claim and reply, so that no rule stands twice."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, and_
from sqlalchemy.orm import Session

from bot.channels.telegram_news import shown
from bot.channels.telegram_office import StaffGroup
from config.refusal import Refused
from config.regions import Region, regions
from config.words import Words
from console.access import SIDES, Viewer
from console.scope import community_names, tickets_of, with_all_below
from console.take_over import hold, listen
from console.ticket_view import find_ticket, read_conversation
from storage.audit import record
from storage.models import MessageRow, OperatorRow, TicketRow
from tickets.operator import add_note, claim, reply_to_resident

GROUP = re.compile(r"-\d{5,20}")
FORM = "写成 群号=方/地区+地区/小区+小区，几个群之间用分号，例如 -1001234567890=street/donghe;-1009876543210=company/donghe/和平小区"


def read_groups(setting: str, known: Mapping[str, Region]) -> tuple[StaffGroup, ...]:
    """`LINDA_TELEGRAM_STAFF_GROUP` as groups. Refused with all its faults together."""
    faults: list[str] = []
    groups: dict[str, StaffGroup] = {}
    for entry in filter(None, (one.strip() for one in setting.split(";"))):
        address, _, rest = entry.partition("=")
        side, where, communities = ([*rest.split("/"), "", ""])[:3]
        wanted = tuple(filter(None, where.split("+")))
        if not GROUP.fullmatch(address):
            faults.append(f"{address[:30]} 不是群号")
        if address in groups:
            faults.append(f"群 {address[:30]} 写了两次")
        if side not in SIDES:
            faults.append(f"没有“{side[:20]}”这一方（{'、'.join(SIDES)}）")
        if not wanted:
            faults.append(f"群 {address[:30]} 没有写地区")
        faults += [f"没有地区 {one[:40]}" for one in wanted if one not in known]
        groups[address] = StaffGroup(address, side, wanted, tuple(filter(None, communities.split("+"))))
    if faults:
        raise Refused(f"LINDA_TELEGRAM_STAFF_GROUP：{'；'.join(faults)}", FORM, code="bad_staff_group")
    return tuple(groups.values())


@dataclass(frozen=True)
class ConsoleOffice:
    """`bot.channels.telegram_office.Office` over the console."""

    groups: tuple[StaffGroup, ...]
    rooms: bool = False
    regions: Mapping[str, Region] = field(default_factory=regions)

    def _viewer(self, group: StaffGroup) -> Viewer:
        within = with_all_below(group.regions, self.regions)
        names = community_names(group.communities, within, self.regions)
        return Viewer(0, group.address, group.address, "operator", group.side, within, names, all_regions=False, csrf="", session="")

    def _operator(self, row: OperatorRow) -> Viewer:
        within = with_all_below(row.regions, self.regions)
        names = community_names(row.communities, within, self.regions)
        every = row.role == "admin" and not row.regions
        return Viewer(row.id, row.login, row.name, row.role, row.side, within, names, all_regions=every, csrf="", session="")

    def _let(self, session: Session, operator: OperatorRow, row: TicketRow, permission: str) -> Viewer:
        """The operator as the console sees him, when this ticket is his to work on."""
        viewer = self._operator(operator)
        if not viewer.may(permission):
            raise Refused("您的角色不能做这件事", "需要时请管理员调整角色", status=403, code="forbidden")
        find_ticket(session, viewer, row.number)
        if viewer.walled(row.kind):
            raise Refused("投诉由街道或主管部门办理，被投诉一方不能改动", "在控制台的“书面说明”里写清情况", status=403, code="walled")
        return viewer

    def tickets(self, group: StaffGroup) -> ColumnElement[bool]:
        """The console's scope of this side; complaints never reach the company's group."""
        viewer = self._viewer(group)
        if group.side != "company":
            return tickets_of(viewer)
        return and_(tickets_of(viewer), TicketRow.kind.in_(("repair", "emergency")))

    def heard(self, session: Session, group: StaffGroup, row: TicketRow, message: MessageRow) -> str:
        """The resident's words as the console would show them to this side, and of complaints without their author."""
        talk = read_conversation(session, self._viewer(group), row)
        said = next((one for one in talk.messages if one["id"] == message.id), None)
        if talk.hidden or said is None:
            return ""
        photos = len(said["photos"])
        lines = [shown(session, row, said["text"]) if said["text"] else "", Words()("tg_staff_photos", count=photos) if photos else ""]
        return Words()("tg_staff_answer", text="\n".join(line for line in lines if line))

    def claim(self, session: Session, operator: OperatorRow, row: TicketRow, now: datetime) -> str:
        """The console's claim: of two operators one wins."""
        viewer = self._let(session, operator, row, "work")
        ended = claim(session, row, operator, now)
        if ended.won:
            record(session, viewer.actor, "ticket_claimed", f"ticket:{row.number}", {"via": "telegram"}, now)
        return ended.holder

    def reply(self, session: Session, operator: OperatorRow, row: TicketRow, text: str, now: datetime) -> None:
        """The console's reply: the ticket becomes his, the resident hears it and talks to him from now on."""
        viewer = self._let(session, operator, row, "converse")
        held = hold(session, row, viewer, now)
        reply_to_resident(session, row, held, text, now)
        listen(session, row, held)
        record(session, viewer.actor, "ticket_replied", f"ticket:{row.number}", {"via": "telegram"}, now)

    def note(self, session: Session, operator: OperatorRow, row: TicketRow, text: str, now: datetime) -> None:
        """A note of the office's history."""
        viewer = self._let(session, operator, row, "work")
        add_note(session, row, operator, text, now)
        record(session, viewer.actor, "ticket_noted", f"ticket:{row.number}", {"via": "telegram"}, now)
