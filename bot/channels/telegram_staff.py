"""A staff group: operators claim by a button and write to the resident in the ticket's topic; `//` and their own talk stay inside."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.channels import telegram_rows as rows
from bot.channels.telegram_intake import CHANNEL
from bot.channels.telegram_office import Office
from bot.channels.telegram_topics import find_topic, say_in_topic, tell_news
from bot.channels.telegram_turns import BotLine
from bot.operator_linking import operator_of_chat
from bot.turn import TurnDesk
from config.refusal import Refused
from config.words import Words
from storage.models import ChannelUpdateRow, ChoiceRow, OperatorRow, StaffTopicRow, TicketEventRow, TicketRow

INSIDE = "//"
LONGEST = 2000


class StaffTalk:
    """Works off what is said and tapped in staff groups, each in one transaction with its update."""

    def __init__(self, turns: TurnDesk, office: Office) -> None:
        self._database, self._clock, self._office = turns.desk.database, turns.desk.clock, office
        self._groups = {group.address: group for group in office.groups}

    @property
    def addresses(self) -> frozenset[str]:
        """The groups' addresses."""
        return frozenset(self._groups)

    def has(self, address: str) -> bool:
        """Whether this chat is a staff group."""
        return address in self._groups

    def work(self, found: Sequence[ChannelUpdateRow], line: BotLine) -> None:
        """Work off an update (of an album: all its parts, for one answer)."""
        first = found[0]
        part = _record(first.body.get(first.kind))
        shown, now = "", self._clock()
        with self._database.write() as session:
            update = session.get_one(ChannelUpdateRow, first.id, with_for_update=True, populate_existing=True)
            if update.state != "pending":  # worked off by a process that was thought dead
                return
            if first.kind == "callback_query":
                shown = self._tapped(session, first.address, part)
            else:
                self._said(session, first.address, part, edited=first.kind == "edited_message")
            rows.finish(session, [row.id for row in found], now, note="staff")
        if first.kind == "callback_query":
            line.tap(str(part.get("id") or ""), shown)

    def give_up(self, row: ChannelUpdateRow, why: str) -> None:
        """Something an operator wrote failed again and again: kept for review, and said in the topic."""
        now = self._clock()
        part = _record(row.body.get(row.kind))
        with self._database.write() as session:
            topic = find_topic(session, row.address, _number(_holder(part).get("message_thread_id")))
            if topic is not None:
                say_in_topic(session, topic, Words()("tg_staff_failed"), now)
            rows.finish(session, [row.id], now, state="dead", note=why)

    def _operator(self, session: Session, part: dict[str, Any]) -> OperatorRow | None:
        sender = _number(_record(part.get("from")).get("id"))
        return operator_of_chat(session, CHANNEL, str(sender)) if sender else None

    def _tapped(self, session: Session, group: str, part: dict[str, Any]) -> str:
        """The claim button; gives what is shown to who tapped it. A claim that failed is said in the topic as well."""
        choice = session.get(ChoiceRow, str(part.get("data") or "")[:40])
        meaning = choice.meaning if choice is not None and choice.meaning.get("do") == "staff_claim" else {}
        topic = session.get(StaffTopicRow, meaning["topic"], with_for_update=True) if meaning else None
        if topic is None or topic.group_address != group:
            return Words()("tg_staff_no_button")
        operator, now = self._operator(session, part), self._clock()
        if operator is None:
            return self._refuse(session, topic, Words()("tg_staff_unknown"))
        row = session.get_one(TicketRow, topic.ticket_id)
        try:
            holder = self._office.claim(session, operator, row, now)
        except Refused as refused:
            return self._refuse(session, topic, f"{refused.reason}，{refused.remedy}。")
        if row.claimed_by != operator.id:
            return self._refuse(session, topic, Words()("tg_staff_taken", name=holder))
        tell_news(session, topic, self._office, self._groups[group], now)
        return Words()("tg_staff_yours", number=row.number)

    def _refuse(self, session: Session, topic: StaffTopicRow, words: str) -> str:
        say_in_topic(session, topic, words, self._clock())
        return words

    def _said(self, session: Session, group: str, part: dict[str, Any], *, edited: bool) -> None:
        topic = find_topic(session, group, _number(part.get("message_thread_id")))
        text = str(part.get("text") or part.get("caption") or "").strip()
        if topic is None or _from_machine(part) or not (text or _has_media(part)):
            return
        inside = text.startswith(INSIDE)
        if _to_staff(part) or (inside and edited):
            return
        operator = self._operator(session, part)
        if operator is None:
            if not inside:
                say_in_topic(session, topic, Words()("tg_staff_unknown"), self._clock())
            return
        problem = "" if inside else self._unfit(part, text, edited=edited)
        if problem:
            say_in_topic(session, topic, Words()(problem), self._clock())
            return
        self._speak(session, topic, operator, text.removeprefix(INSIDE).strip(), inside=inside)

    def _unfit(self, part: dict[str, Any], text: str, *, edited: bool) -> str:
        """Why this cannot go to the resident, as the name of its words; empty when it can."""
        if edited:
            return "tg_staff_edited"
        if _has_media(part):
            return "tg_staff_no_media"
        return "tg_staff_command" if text.startswith("/") else "tg_staff_long" if len(text) > LONGEST else ""

    def _speak(self, session: Session, topic: StaffTopicRow, operator: OperatorRow, text: str, *, inside: bool) -> None:
        """To the resident, or into the office's history; what happened before is told first, the words themselves are not repeated."""
        row, group, now = session.get_one(TicketRow, topic.ticket_id), self._groups[topic.group_address], self._clock()
        if not text:
            return
        try:
            with session.begin_nested():
                if inside:
                    self._office.note(session, operator, row, text, now)
                else:
                    self._office.reply(session, operator, row, text, now)
        except Refused as refused:
            if not inside:
                say_in_topic(session, topic, f"{refused.reason}，{refused.remedy}。", now)
            return
        own = session.scalars(
            select(TicketEventRow.seq)
            .where(TicketEventRow.ticket_id == row.id, TicketEventRow.event == ("noted" if inside else "replied"))
            .order_by(TicketEventRow.seq.desc())
            .limit(1)
        ).first()
        tell_news(session, topic, self._office, group, now, own_seq=own)


def _record(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _number(value: Any) -> int:
    return value if isinstance(value, int) else 0


def _holder(part: dict[str, Any]) -> dict[str, Any]:
    """The message an update is about."""
    return _record(part.get("message")) or part


def _has_media(part: dict[str, Any]) -> bool:
    known = ("photo", "document", "voice", "audio", "video", "video_note", "sticker", "animation", "location", "contact")
    return any(key in part for key in known)


def _from_machine(part: dict[str, Any]) -> bool:
    """Another bot; an administrator who hides behind the group's name is a person, though nobody knows which."""
    return bool(_record(part.get("from")).get("is_bot")) and "sender_chat" not in part


def _to_staff(part: dict[str, Any]) -> bool:
    """An answer to a colleague. In a topic every message answers the message that began it, which is none of theirs."""
    answered = _record(part.get("reply_to_message"))
    if not answered or "forum_topic_created" in answered or answered.get("message_id") == part.get("message_thread_id"):
        return False
    return not _record(answered.get("from")).get("is_bot", True)
