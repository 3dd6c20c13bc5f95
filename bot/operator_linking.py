"""An operator's own chat in a messenger: a code the office shows once, typed there within ten minutes; then what he writes is his.

The code is letters only, so that nothing on the way stars it out as a number.
"""

import hashlib
import secrets
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot.linking import MOST_TRIES, count_tries
from config.refusal import Refused
from storage.audit import record
from storage.models import OperatorChatRow, OperatorRow

LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"  # without I and O, which are read as numbers
LENGTH = 8
LASTS = timedelta(minutes=10)


def looks_like_code(text: str) -> bool:
    """Whether these words could be a code."""
    code = text.strip().upper()
    return len(code) == LENGTH and all(char in LETTERS for char in code)


def offer_operator_code(session: Session, channel: str, login: str, actor: str, now: datetime) -> str:
    """A new code for this operator, kept only as a hash; an earlier unused one is void. Refused for an unknown or disabled account."""
    operator = session.scalar(select(OperatorRow).where(OperatorRow.login == login.strip().lower()))
    if operator is None or operator.disabled_at is not None:
        raise Refused(f"没有在用的值班员 {login[:40]}", "核对登录名", status=404, code="no_operator")
    _end(session, now, OperatorChatRow.operator_id == operator.id, OperatorChatRow.channel == channel, OperatorChatRow.state == "open")
    code = "".join(secrets.choice(LETTERS) for _ in range(LENGTH))
    session.add(
        OperatorChatRow(channel=channel, operator_id=operator.id, code_hash=_hash(code), state="open", made_at=now, expires_at=now + LASTS)
    )
    record(session, actor, "operator_chat_offered", f"operator:{operator.id}", {"channel": channel}, now)
    return code


def any_operator_code_open(session: Session, channel: str, now: datetime) -> bool:
    """Whether an operator is linking now: eight letters are only taken for a code then."""
    waiting = select(OperatorChatRow.id).where(OperatorChatRow.channel == channel, OperatorChatRow.state == "open")
    return session.scalar(waiting.where(OperatorChatRow.expires_at > now).limit(1)) is not None


def type_operator_code(session: Session, channel: str, address: str, code: str, now: datetime) -> OperatorRow | None:
    """The code typed in a private chat: the chat is this operator's from now on; None when it is wrong, run out or used.

    Refused (429) after five wrong ones within ten minutes, also for the right one.
    """
    tries = count_tries(session, channel, address, now)
    if tries.tries >= MOST_TRIES:
        raise Refused("试的次数太多了", "十分钟后重新取一个码再试", status=429, code="too_many_codes")
    row = session.scalar(
        select(OperatorChatRow)
        .where(OperatorChatRow.channel == channel, OperatorChatRow.code_hash == _hash(code.strip().upper()))
        .where(OperatorChatRow.state == "open", OperatorChatRow.expires_at > now)
        .with_for_update()
    )
    operator = session.get(OperatorRow, row.operator_id) if row is not None else None
    if row is None or operator is None or operator.disabled_at is not None:
        tries.tries += 1
        return None
    tries.tries = 0
    for mine in (OperatorChatRow.operator_id == row.operator_id, OperatorChatRow.address == address):
        _end(session, now, mine, OperatorChatRow.channel == channel, OperatorChatRow.state == "linked")
    row.state, row.address, row.linked_at = "linked", address, now
    record(session, f"operator:{operator.login}", "operator_chat_linked", f"operator:{operator.id}", {"channel": channel}, now)
    return operator


def operator_of_chat(session: Session, channel: str, address: str) -> OperatorRow | None:
    """The operator whose chat this is; None for everybody else and for accounts no longer in use."""
    return session.scalar(
        select(OperatorRow)
        .join(OperatorChatRow, OperatorChatRow.operator_id == OperatorRow.id)
        .where(OperatorChatRow.channel == channel, OperatorChatRow.address == address, OperatorChatRow.state == "linked")
        .where(OperatorRow.disabled_at.is_(None))
    )


def has_chat(session: Session, channel: str, operator_id: int) -> bool:
    """Whether this operator has a chat of his own."""
    mine = select(OperatorChatRow.id).where(OperatorChatRow.channel == channel, OperatorChatRow.operator_id == operator_id)
    return session.scalar(mine.where(OperatorChatRow.state == "linked").limit(1)) is not None


def end_operator_chat(session: Session, channel: str, address: str, now: datetime) -> bool:
    """The chat is nobody's any more; False when it was no operator's."""
    operator = operator_of_chat(session, channel, address)
    if operator is None:
        return False
    _end(session, now, OperatorChatRow.channel == channel, OperatorChatRow.address == address, OperatorChatRow.state == "linked")
    record(session, f"operator:{operator.login}", "operator_chat_ended", f"operator:{operator.id}", {"channel": channel}, now)
    return True


def end_chats_of(session: Session, channel: str, login: str, actor: str, now: datetime) -> bool:
    """The office takes an operator's chat and any open code away (a lost telephone); False when there was none."""
    operator = session.scalar(select(OperatorRow).where(OperatorRow.login == login.strip().lower()))
    known = select(OperatorChatRow.id).where(OperatorChatRow.channel == channel, OperatorChatRow.state.in_(("open", "linked")))
    if operator is None or session.scalar(known.where(OperatorChatRow.operator_id == operator.id).limit(1)) is None:
        return False
    _end(session, now, OperatorChatRow.channel == channel, OperatorChatRow.operator_id == operator.id)
    record(session, actor, "operator_chat_ended", f"operator:{operator.id}", {"channel": channel}, now)
    return True


def _end(session: Session, now: datetime, *which: object) -> None:
    session.execute(update(OperatorChatRow).where(*which, OperatorChatRow.ended_at.is_(None)).values(state="ended", ended_at=now))  # type: ignore[arg-type]


def _hash(code: str) -> str:
    return hashlib.sha256(f"operator:{code}".encode()).hexdigest()
