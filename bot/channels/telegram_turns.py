"""From an update to its turn: the same update says the very same at every try, and is done in one transaction with what was said."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import structlog

from bot.channels import telegram_rows as rows
from bot.channels.telegram_groups import GroupTalk
from bot.channels.telegram_intake import CHANNEL
from bot.channels.telegram_rows import Chat
from bot.channels.telegram_update import Me, Said
from bot.deliveries import block, move
from bot.message import Incoming
from bot.turn import TurnDesk
from config.refusal import Refused
from config.words import Words
from storage.models import ChannelUpdateRow, ConversationRow

log = structlog.get_logger(__name__)


class BotLine(Protocol):
    """What the channel needs of the bot, from any thread."""

    def me(self) -> Me | None:
        """Who the bot is; None while the server has not said."""
        ...

    def fetch(self, file_ref: str, seconds: float) -> bytes:
        """A file's bytes."""
        ...

    def tap(self, callback: str, words: str = "") -> None:
        """Stop the waiting sign on a tapped button, with `words` shown to who tapped it."""
        ...


@dataclass(frozen=True)
class TelegramRule:
    """How this deployment runs it: `personal` keeps phones and rooms said here; `details` makes the signed link to the page for them."""

    personal: bool = False
    details: Callable[[str], str] = lambda _conversation: ""


class TurnTaker:
    """Takes turns for updates; made once per process."""

    def __init__(self, turns: TurnDesk, rule: TelegramRule) -> None:
        self.turns, self.rule = turns, rule
        self.database, self.clock = turns.desk.database, turns.desk.clock

    def note(self, found: Sequence[ChannelUpdateRow], said: Said) -> None:
        """What changes how the chat is reached, or needs no answer."""
        now = self.clock()
        with self.database.write() as session:
            if said.what == "migrated":
                move(session, CHANNEL, str(said.chat), said.argument)
            elif said.what in {"blocked", "unblocked"}:
                block(session, CHANNEL, str(said.chat), now, blocked=said.what == "blocked")
            rows.finish(session, [row.id for row in found], now, note="skipped" if said.what == "nothing" else said.what)

    def conversation(self, said: Said) -> ConversationRow:
        """The chat's conversation, made on the first word."""
        with self.database.read() as session:
            known = rows.known_conversation(session, said.chat)
        if known is not None:
            return known
        with self.database.write() as session:
            return rows.conversation_of(session, Chat(said.chat, said.private, said.locale), self.clock())

    def begin(self, found: Sequence[ChannelUpdateRow], conversation: ConversationRow, text: str | None, choice: str | None = None) -> None:
        """A turn that reads the same from the update at every try; only photos have to be fixed beforehand."""
        fixed: dict[str, Any] = {"conversation": conversation.id, "text": text, "choice": choice, "attachments": []}
        self.turn(found, {**fixed, "message": f"tg-{found[0].update_key}"})

    def prepare(self, found: Sequence[ChannelUpdateRow], said: dict[str, Any]) -> None:
        """A turn fixed in the update's row before it begins."""
        wanted = {**said, "message": f"tg-{found[0].update_key}"}
        with self.database.write() as session:
            fixed = rows.prepare(session, found[0].id, wanted)
        self.turn(found, fixed)

    def turn(self, found: Sequence[ChannelUpdateRow], fixed: dict[str, Any]) -> None:
        """The turn itself: the desk knows a repeat by its message id and gives the same turn."""
        message = Incoming(fixed["message"], fixed["text"], fixed["choice"], tuple(fixed["attachments"]))
        spoken = list(fixed.get("also", []))
        turn: dict[str, Any] = {}
        try:
            if fixed.get("group"):
                GroupTalk(self.turns, "").answer_policy(fixed["conversation"], message)
            elif not fixed.get("silent"):
                turn = self.turns.take(fixed["conversation"], message)
        except Refused as refused:
            log.info("message_refused", code=refused.code)
            spoken.append(Words()("failed_choice"))
        if turn.get("asks_for") == "contact" and not self.rule.personal:
            link = self.rule.details(fixed["conversation"])
            spoken.append(Words()("tg_details", link=link) if link else Words()("tg_details_no_page"))
        now = self.clock()
        with self.database.write() as session:
            conversation = session.get_one(ConversationRow, fixed["conversation"])
            for text in spoken:
                rows.say(session, conversation, text, now)
            rows.finish(session, [row.id for row in found], now, turn=fixed)
