"""Photos of Telegram: fetched at once when that goes quickly, otherwise later; the report never waits for them."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

import structlog
from sqlalchemy import CursorResult, select, update

from bot.channels.telegram_rows import say
from bot.message import Incoming
from bot.turn import TurnDesk
from config.refusal import Refused, Unavailable
from config.words import Words
from storage.attachments import KeptPhoto, keep_photo
from storage.models import AttachmentRow, ChannelPhotoRow, ConversationRow

log = structlog.get_logger(__name__)
AT_ONCE_S = 4.0
LATER_S = 40.0
MOST_ATTEMPTS = 6
PAUSES = (5, 20, 60, 180, 600, 600)  # seconds between tries


class Fetches(Protocol):
    """Gets a file's bytes; raises TimeoutError or any error of the transport."""

    def fetch(self, file_ref: str, seconds: float) -> bytes:
        """The file within `seconds`."""
        ...


@dataclass(frozen=True)
class Fetched:
    """What became of a photo: kept as `attachment`, to be fetched `later`, or `refused` with the words why."""

    attachment: str | None = None
    later: bool = False
    refused: str = ""


@dataclass(frozen=True)
class PhotoDesk:
    """Keeps photos for the conversations."""

    turns: TurnDesk
    folder: Path
    line: Fetches
    clock: Callable[[], datetime]

    def take(self, conversation_id: str, update_key: str, file_ref: str) -> Fetched:
        """Fetch and keep a photo now, else remember it for later. The same update gives the same attachment id, also after a crash."""
        attachment_id = f"a{hashlib.sha256(f'{update_key}/{file_ref}'.encode()).hexdigest()[:24]}"
        with self.turns.desk.database.read() as session:
            if session.get(AttachmentRow, attachment_id) is not None:
                return Fetched(attachment_id)
        try:
            kept = keep_photo(self.line.fetch(file_ref, AT_ONCE_S), self.folder)
        except Refused as refused:
            return Fetched(refused=refused.reason)
        except Exception as error:  # whatever the way there did, the report goes on
            log.warning("photo_later", attachment=attachment_id, error=type(error).__name__)
            self._remember(conversation_id, attachment_id, file_ref)
            return Fetched(later=True)
        self._store(conversation_id, attachment_id, kept)
        return Fetched(attachment_id)

    def _remember(self, conversation_id: str, attachment_id: str, file_ref: str) -> None:
        now = self.clock()
        with self.turns.desk.database.write() as session:
            known = session.scalar(select(ChannelPhotoRow.id).where(ChannelPhotoRow.attachment_id == attachment_id))
            if known is None:
                next_at = now + timedelta(seconds=PAUSES[0])
                row = ChannelPhotoRow(
                    attachment_id=attachment_id, conversation_id=conversation_id, file_ref=file_ref, next_at=next_at, asked_at=now
                )
                session.add(row)

    def _store(self, conversation_id: str, attachment_id: str, kept: KeptPhoto) -> None:
        with self.turns.desk.database.write() as session:
            if session.get(AttachmentRow, attachment_id) is None:
                session.add(
                    AttachmentRow(
                        id=attachment_id, conversation_id=conversation_id, media_type=kept.media_type, file_name=kept.file_name,
                        size=kept.size, width=kept.width, height=kept.height, received_at=self.clock(),
                    )
                )  # fmt: skip

    def retry(self) -> int:
        """Try the photos whose time has come; each that arrives is added to its report or ticket by a turn. Gives how many arrived."""
        now, arrived = self.clock(), 0
        with self.turns.desk.database.read() as session:
            waiting = session.scalars(
                select(ChannelPhotoRow).where(ChannelPhotoRow.state == "waiting", ChannelPhotoRow.next_at <= now).limit(20)
            ).all()
        for row in waiting:
            if self._claimed(row, now):
                arrived += self._again(row)
        return arrived

    def _claimed(self, row: ChannelPhotoRow, now: datetime) -> bool:
        next_at = now + timedelta(seconds=LATER_S + PAUSES[min(row.attempts, len(PAUSES) - 1)])
        with self.turns.desk.database.write() as session:
            done = session.execute(
                update(ChannelPhotoRow)
                .where(ChannelPhotoRow.id == row.id, ChannelPhotoRow.state == "waiting", ChannelPhotoRow.attempts == row.attempts)
                .values(attempts=row.attempts + 1, next_at=next_at)
            )
            assert isinstance(done, CursorResult)
            return done.rowcount == 1

    def _again(self, row: ChannelPhotoRow) -> int:
        try:
            kept = keep_photo(self.line.fetch(row.file_ref, LATER_S), self.folder)
        except (Refused, Unavailable, Exception) as error:  # any failure counts as a try
            if row.attempts + 1 >= MOST_ATTEMPTS or isinstance(error, Refused):
                self._give_up(row)
            return 0
        self._store(row.conversation_id, row.attachment_id, kept)
        self.turns.take(row.conversation_id, Incoming(f"tg-photo-{row.attachment_id}", None, None, (row.attachment_id,)))
        self._end(row, "done")
        return 1

    def _give_up(self, row: ChannelPhotoRow) -> None:
        """A photo that never came is said, not hidden."""
        self._end(row, "failed", "tg_photo_failed")

    def _end(self, row: ChannelPhotoRow, state: str, message: str = "") -> None:
        with self.turns.desk.database.write() as session:
            session.get_one(ChannelPhotoRow, row.id).state = state
            conversation = session.get(ConversationRow, row.conversation_id)
            if message and conversation is not None and conversation.erased_at is None:
                say(session, conversation, Words(conversation.locale)(message), self.clock())
