"""The Telegram channel: one stored update becomes a turn, a plain answer or nothing, each exactly once."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bot.channels import telegram_rows as rows
from bot.channels.telegram_commands import take_command
from bot.channels.telegram_groups import GroupTalk, group_choice
from bot.channels.telegram_intake import texts_of
from bot.channels.telegram_photos import PhotoDesk
from bot.channels.telegram_plain import PlainTalk
from bot.channels.telegram_staff import StaffTalk
from bot.channels.telegram_turns import BotLine, TelegramRule, TurnTaker
from bot.channels.telegram_update import Me, Said, photo_of, read_update
from bot.message import Incoming
from bot.turn import TurnDesk
from config.refusal import Unavailable
from config.words import Words
from storage.models import ChannelUpdateRow, ConversationRow


class TelegramChannel:
    """Works off updates; made once per process. `staff` has the groups of the office, when there are any."""

    def __init__(self, turns: TurnDesk, photos: Path, line: BotLine, rule: TelegramRule, staff: StaffTalk | None = None) -> None:
        self._turns, self._line, self._rule, self._staff = turns, line, rule, staff
        self._database, self._clock = turns.desk.database, turns.desk.clock
        self._taker = TurnTaker(turns, rule)
        self._plain = PlainTalk(self._taker)
        self.photos = PhotoDesk(turns, photos, line, turns.desk.clock)

    def work(self, found: Sequence[ChannelUpdateRow]) -> None:
        """Work off a claimed update (with the other parts of its album). Raises when it must be tried again later."""
        first = found[0]
        if first.prepared is not None:
            self._taker.turn(found, first.prepared)
            return
        if self._staff is not None and self._staff.has(first.address):
            self._staff.work(found, self._line)
            return
        me = self._line.me()
        if me is None and first.address.startswith("-"):
            raise Unavailable("telegram", "getMe has not answered: who is addressed in a group is not known")
        said = read_update(first.kind, first.body, me or Me(0, ""))
        if said.callback:
            self._line.tap(said.callback)
        if said.what in {"blocked", "unblocked", "migrated", "nothing"}:
            self._taker.note(found, said)
        elif not said.private:
            self._group(found, said, me or Me(0, ""))
        else:
            self._private(found, said)

    def _private(self, found: Sequence[ChannelUpdateRow], said: Said) -> None:
        conversation = self._taker.conversation(said)
        if said.what == "photo":
            self._photos(found, said, conversation)
        elif said.what == "choice":
            self._taker.begin(found, conversation, None, said.argument)
        elif self._plain.takes(said):
            self._plain.answer(found, said, conversation)
        elif said.what == "command" and said.text == "start" and said.argument:
            self._plain.place(found, said.argument, conversation)
        elif said.what == "command":
            take_command(self._taker, found, said, conversation)
        elif said.what == "contact" and self._rule.personal and said.argument:
            self._taker.begin(found, conversation, said.argument)
        elif said.what == "text":
            self._taker.begin(found, conversation, said.text)
        else:
            self._plain.answer(found, said, conversation)

    def _photos(self, found: Sequence[ChannelUpdateRow], said: Said, conversation: ConversationRow) -> None:
        """Pictures of one message or album are one turn; those not fetched yet come later, by a turn of their own."""
        refs = [(row.update_key, photo_of(row.body["message"])) for row in found]
        taken = [self.photos.take(conversation.id, key, ref) for key, ref in refs if ref]
        also = [Words()("tg_photo_refused", reason=reason) for reason in dict.fromkeys(t.refused for t in taken if t.refused)]
        if any(one.later for one in taken):
            also.append(Words()("tg_photo_fetching"))
        text = "\n".join(texts_of(found)) or None
        kept = [one.attachment for one in taken if one.attachment]
        silent = text is None and not kept
        fixed = {"conversation": conversation.id, "text": text, "choice": None, "attachments": kept}
        self._taker.prepare(found, {**fixed, "also": also, "silent": silent})

    def _group(self, found: Sequence[ChannelUpdateRow], said: Said, me: Me) -> None:
        """A group: questions of policy are answered, danger gets its safety line, all else is led to the private chat."""
        if not said.addressed or said.what in {"edit", "location", "contact"}:
            self._taker.note(found, Said("nothing", said.chat, private=False))
            return
        talk = GroupTalk(self._turns, f"https://t.me/{me.username}")
        danger = talk.emergency(said) if said.text else None
        if danger and said.sender:
            private = self._taker.conversation(Said("text", said.sender, private=True, locale=said.locale))
            self._turns.take(private.id, Incoming(f"tg-{found[0].update_key}", said.text))
        conversation = self._taker.conversation(said)
        if not danger and self._open_to_all(talk, said, conversation):
            asked: dict[str, Any] = {
                "text": said.text or None,
                "choice": said.argument if said.what == "choice" else None,
                "attachments": [],
            }
            self._taker.prepare(found, {"conversation": conversation.id, **asked, "group": said.what == "text"})
            return
        now = self._clock()
        with self._database.write() as session:
            rows.say(session, session.get_one(ConversationRow, conversation.id), danger or talk.private_words(), now)
            rows.finish(session, [row.id for row in found], now)

    def _open_to_all(self, talk: GroupTalk, said: Said, conversation: ConversationRow) -> bool:
        if said.what == "choice":
            with self._database.read() as session:
                return group_choice(session, said.argument)
        return talk.is_policy(said, conversation)

    def give_up(self, row: ChannelUpdateRow, why: str) -> None:
        """An update that failed again and again: kept for review as dead, and the resident is told."""
        now = self._clock()
        if self._staff is not None and self._staff.has(row.address):
            self._staff.give_up(row, why)
            return
        with self._database.write() as session:
            conversation = rows.known_conversation(session, int(row.address)) if row.address.lstrip("-").isdigit() else None
            if conversation is not None:
                rows.say(session, conversation, Words(conversation.locale)("failed"), now)
            rows.finish(session, [row.id], now, state="dead", note=why)
