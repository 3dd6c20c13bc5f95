"""What is answered without a turn, in one transaction with the update: places, locations, cards, edits, and codes typed here."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.channels import telegram_rows as rows
from bot.channels.telegram_intake import CHANNEL
from bot.channels.telegram_turns import TurnTaker
from bot.channels.telegram_update import Said
from bot.linking import DIGITS, any_code_open, type_code, unlink
from bot.operator_linking import any_operator_code_open, end_operator_chat, looks_like_code, type_operator_code
from config.refusal import Refused
from config.words import Words
from storage.models import ChannelUpdateRow, ConversationRow, InboxRow, PlaceCodeRow
from tickets.resident import supplement

CODE_COMMANDS = ("link", "operator")


class PlainTalk:
    """Plain answers of a private chat."""

    def __init__(self, taker: TurnTaker) -> None:
        self._database, self._clock, self._rule = taker.database, taker.clock, taker.rule

    def takes(self, said: Said) -> bool:
        """Whether these words are a code somebody waits for, or a command that is no turn."""
        if said.what == "command":
            return said.text == "unlink" or (said.text in CODE_COMMANDS and bool(said.argument))
        code = said.text.strip()
        if said.what != "text" or not code.isascii():
            return False
        with self._database.read() as session:
            if len(code) == DIGITS and code.isdigit():
                return any_code_open(session, self._clock())
            return looks_like_code(code) and any_operator_code_open(session, CHANNEL, self._clock())

    def place(self, found: Sequence[ChannelUpdateRow], token: str, conversation: ConversationRow) -> None:
        """`/start <token>` of a QR code: the place is known from now on."""
        now = self._clock()
        with self._database.write() as session:
            row = session.get_one(ConversationRow, conversation.id, with_for_update=True)
            code = session.get(PlaceCodeRow, token[:40])
            words = Words(row.locale)
            rows.hear(session, row, "/start", now)
            if code is None or code.revoked_at is not None:
                rows.say(session, row, words("tg_place_unknown"), now)
            else:
                row.region, row.property_form, row.place = code.region, code.property_form or row.property_form, dict(code.place)
                rows.say(session, row, words("tg_place_known", place=place_words(words, code.place)), now)
            rows.finish(session, [one.id for one in found], now)

    def answer(self, found: Sequence[ChannelUpdateRow], said: Said, conversation: ConversationRow) -> None:
        """Hear it, answer it, done."""
        now = self._clock()
        with self._database.write() as session:
            row = session.get_one(ConversationRow, conversation.id, with_for_update=True)
            heard, answer = self._answer(session, said, row, found[0])
            rows.hear(session, row, heard, now)
            rows.say(session, row, answer, now)
            rows.finish(session, [one.id for one in found], now)

    def _answer(self, session: Session, said: Said, row: ConversationRow, update: ChannelUpdateRow) -> tuple[str, str]:
        words = Words(row.locale)
        if said.what == "edit":
            return said.text, self._edited(session, said, update, words)
        if said.what == "location" and said.position:
            return words("tg_location_heard"), _located(row, said.position, words)
        if said.what == "contact":
            link = self._rule.details(row.id) if said.argument or not self._rule.personal else ""
            foreign = words("tg_contact_foreign") if self._rule.personal else words("tg_details_no_page")
            return words("tg_contact_heard"), words("tg_details", link=link) if link else foreign
        if said.what == "command" and said.text == "unlink":
            return "/unlink", self._unlink(session, row, words)
        if said.what in {"text", "command"}:
            return "●●●●●●", self._code(session, said, row, words)
        return words("tg_heard_other"), words("clarify_unreadable")

    def _unlink(self, session: Session, row: ConversationRow, words: Words) -> str:
        ended = [words("tg_operator_ended")] if end_operator_chat(session, CHANNEL, row.channel_address or "", self._clock()) else []
        if unlink(session, row.id, self._clock()):
            ended.append(words("link_ended"))
        return "\n".join(ended) or words("tg_link_none")

    def _code(self, session: Session, said: Said, row: ConversationRow, words: Words) -> str:
        code = (said.argument if said.what == "command" else said.text).strip()
        try:
            if (said.what == "command" and said.text == "operator") or looks_like_code(code):
                operator = type_operator_code(session, CHANNEL, row.channel_address or "", code, self._clock())
                return words("tg_operator_linked", name=operator.name) if operator else words("tg_operator_wrong")
            return words("tg_link_typed") if type_code(session, row, code, self._clock()) else words("tg_link_wrong")
        except Refused as refused:
            return f"{refused.reason}，{refused.remedy}。"

    def _edited(self, session: Session, said: Said, update: ChannelUpdateRow, words: Words) -> str:
        """An edit adds to the ticket the message led to; the words first said stay."""
        original = session.scalar(
            select(ChannelUpdateRow)
            .where(ChannelUpdateRow.channel == CHANNEL, ChannelUpdateRow.address == update.address)
            .where(ChannelUpdateRow.message_ref == update.message_ref, ChannelUpdateRow.kind == "message")
            .limit(1)
        )
        prepared = (original.prepared or {}) if original is not None else {}
        turn = select(InboxRow.id).where(
            InboxRow.conversation_id == prepared.get("conversation"), InboxRow.message_id == prepared.get("message")
        )
        ticket = rows.ticket_of_edited(session, original, session.scalar(turn)) if original is not None else None
        if ticket is None:
            return words("tg_edit_no_ticket")
        supplement(session, ticket, text=words("tg_edit_text", text=said.text), now=self._clock())
        return words("tg_edit_added", number=ticket.number)


def place_words(words: Words, place: dict[str, Any]) -> str:
    """A place of a QR code as people read it."""
    named = {key: words(f"place_{key}", **{key: place[key]}) for key in ("building", "unit", "room") if place.get(key)}
    parts = [place.get("community"), named.get("building"), named.get("unit"), named.get("room"), place.get("spot")]
    return "".join(str(part) for part in parts if part)


def _located(row: ConversationRow, position: tuple[float, float], words: Words) -> str:
    """A location becomes the spot of the conversation's place, and of the report being collected."""
    spot = words("tg_location_spot", latitude=f"{position[0]:.4f}", longitude=f"{position[1]:.4f}")
    row.place = {**row.place, "spot": spot}
    draft = row.dialogue.get("draft")
    if draft:
        row.dialogue = {**row.dialogue, "draft": {**draft, "place": {**draft["place"], "spot": spot}}}
    return words("tg_location", spot=spot)
