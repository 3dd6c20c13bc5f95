"""One person on two channels: a code shown in the page, typed in the messenger, confirmed in the page; news then goes to both.

Proof from both sides: only who reads the page sees the code, only who holds the chat can type it there, and only the page says yes.
"""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from bot.undelivered import Stretch, without_delivery
from config.refusal import Refused
from config.words import Words
from storage.models import ChannelChatRow, ChannelLinkRow, ConversationRow, DeliveryRow, MessageRow

WEB = "web"
LASTS = timedelta(minutes=10)
MOST_TRIES = 5
DIGITS = 6


def offer_code(session: Session, web_conversation: str, now: datetime) -> tuple[str, ChannelLinkRow]:
    """A new code for this page's conversation; an earlier one that was not used is void. Gives the code (kept only as a hash)."""
    session.execute(
        update(ChannelLinkRow)
        .where(ChannelLinkRow.web_conversation == web_conversation, ChannelLinkRow.state.in_(("open", "claimed")))
        .values(state="ended", ended_at=now)
    )
    taken = set(session.scalars(select(ChannelLinkRow.code_hash).where(ChannelLinkRow.state == "open", ChannelLinkRow.expires_at > now)))
    code = next(c for c in iter(_code, "") if _hash(c) not in taken)
    row = ChannelLinkRow(code_hash=_hash(code), web_conversation=web_conversation, state="open", made_at=now, expires_at=now + LASTS)
    session.add(row)
    session.flush()
    return code, row


def any_code_open(session: Session, now: datetime) -> bool:
    """Whether somebody is linking now: six digits are only taken for a code then."""
    waiting = select(ChannelLinkRow.id).where(ChannelLinkRow.state == "open", ChannelLinkRow.expires_at > now)
    return session.scalar(waiting.limit(1)) is not None


def type_code(session: Session, chat: ConversationRow, code: str, now: datetime) -> ChannelLinkRow | None:
    """The code typed in a chat: claims the link for this chat; None when wrong, run out or used.

    Refused (429) after five wrong ones within ten minutes, also for the right one.
    """
    tries = count_tries(session, chat.channel, chat.channel_address or "", now)
    if tries.tries >= MOST_TRIES:
        raise Refused("试的次数太多了", "十分钟后在网页上重新取一个数字再试", status=429, code="too_many_codes")
    row = session.scalar(
        select(ChannelLinkRow)
        .where(ChannelLinkRow.code_hash == _hash(code), ChannelLinkRow.state == "open", ChannelLinkRow.expires_at > now)
        .with_for_update()
    )
    if row is None:
        tries.tries += 1
        return None
    tries.tries = 0
    row.state, row.chat_conversation = "claimed", chat.id
    _say(session, row.web_conversation, "link_confirm_here", now)
    return row


def count_tries(session: Session, channel: str, address: str, now: datetime) -> ChannelChatRow:
    """How often this chat guessed a code within the last ten minutes: a locked row the caller counts in."""
    key = (channel, address)
    row = session.get(ChannelChatRow, key, with_for_update=True)
    if row is None:
        row = ChannelChatRow(channel=key[0], address=key[1], tries=0)
        session.add(row)
    if row.tries_since is None or row.tries_since + LASTS <= now:
        row.tries, row.tries_since = 0, now
    return row


def settle_link(session: Session, web_conversation: str, now: datetime, *, yes: bool) -> ChannelLinkRow:
    """The page says yes or no to the chat that typed the code. Refused (404) when no such request stands, (410) when it ran out."""
    row = session.scalar(
        select(ChannelLinkRow)
        .where(ChannelLinkRow.web_conversation == web_conversation, ChannelLinkRow.state == "claimed")
        .order_by(ChannelLinkRow.id.desc())
        .with_for_update()
    )
    if row is None:
        raise Refused("没有等着确认的关联", "先在聊天软件里输入网页上的六位数字", status=404, code="no_link")
    if row.expires_at <= now:
        row.state, row.ended_at = "ended", now
        raise Refused("这次关联已经过了十分钟", "在网页上重新取一个数字", status=410, code="link_expired")
    if not yes:
        row.state, row.ended_at = "refused", now
        _say(session, row.chat_conversation, "link_refused", now)
        return row
    session.execute(
        update(ChannelLinkRow)
        .where(
            or_(ChannelLinkRow.web_conversation == web_conversation, ChannelLinkRow.chat_conversation == row.chat_conversation),
            ChannelLinkRow.state == "linked",
        )
        .values(state="ended", ended_at=now)
    )
    row.state, row.linked_at = "linked", now
    for conversation in (row.chat_conversation, row.web_conversation):
        _say(session, conversation, "link_made", now)
    return row


def link_of(session: Session, conversation_id: str) -> ChannelLinkRow | None:
    """The link this conversation is part of or asked for, newest first; None without one."""
    return session.scalar(
        select(ChannelLinkRow)
        .where(or_(ChannelLinkRow.web_conversation == conversation_id, ChannelLinkRow.chat_conversation == conversation_id))
        .where(ChannelLinkRow.state.in_(("open", "claimed", "linked")))
        .order_by((ChannelLinkRow.state == "linked").desc(), ChannelLinkRow.id.desc())
        .limit(1)
    )


def unlink(session: Session, conversation_id: str, now: datetime) -> bool:
    """End the link from either side; False when there was none. Both sides are told."""
    row = link_of(session, conversation_id)
    if row is None or row.state != "linked":
        return False
    for conversation in (row.chat_conversation, row.web_conversation):
        _say(session, conversation, "link_ended", now)
    session.flush()
    row.state, row.ended_at = "ended", now
    return True


def uncopied(session: Session, where: Stretch) -> list[tuple[int, str]]:
    """(message id, page's conversation) of what notices and operators said in linked chats and the page has not."""
    fresh = without_delivery(session, WEB, ("operator", "notice"), where)
    if not fresh:
        return []
    mine = (ChannelLinkRow.chat_conversation.in_({conversation for _, conversation in fresh}), ChannelLinkRow.state == "linked")
    links = {link.chat_conversation: link for link in session.scalars(select(ChannelLinkRow).where(*mine))}
    wanted = [number for number, conversation in fresh if conversation in links]
    if not wanted:
        return []
    said = session.scalars(select(MessageRow).where(MessageRow.id.in_(wanted)).order_by(MessageRow.id))
    return [
        (message.id, link.web_conversation)
        for message in said
        if (link := links[message.conversation_id]).linked_at is not None
        and message.said_at >= link.linked_at
        and message.body.get("about") != "link"
    ]


def mirror(session: Session, channel: str, found: Sequence[tuple[int, str]], now: datetime) -> int:
    """Copy these (see `uncopied`) into the page's conversations, each once; gives how many."""
    numbers = [number for number, _ in found]
    done = set(session.scalars(select(DeliveryRow.message_id).where(DeliveryRow.message_id.in_(numbers), DeliveryRow.channel == WEB)))
    wanted = [one for one in found if one[0] not in done]
    for number, web_conversation in wanted:
        said = session.get(MessageRow, number)
        if said is None:  # erased since it was found
            continue
        copy = MessageRow(conversation_id=web_conversation, author=said.author, author_name=said.author_name, body=said.body, said_at=now)
        session.add(copy)
        session.flush()
        for message_id, to, address in ((said.id, WEB, web_conversation), (copy.id, channel, ""), (copy.id, WEB, web_conversation)):
            session.add(DeliveryRow(message_id=message_id, channel=to, address=address, lane=1, state="sent", next_at=now, made_at=now))
    session.flush()
    return len(wanted)


def _say(session: Session, conversation_id: str | None, message: str, now: datetime) -> None:
    conversation = session.get(ConversationRow, conversation_id) if conversation_id else None
    if conversation is None or conversation.erased_at is not None:
        return
    body = {"kind": "notice", "text": Words(conversation.locale)(message), "choices": [], "citations": [], "about": "link"}
    session.add(MessageRow(conversation_id=conversation.id, author="notice", body=body, said_at=now))


def _code() -> str:
    return f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}"


def _hash(code: str) -> str:
    return hashlib.sha256(f"link:{code}".encode()).hexdigest()
