"""The outgoing scheduler on both databases: lanes, limits, one chat's pause, lost answers, crashes."""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Result, select
from sqlalchemy.orm import Session

from bot import deliveries
from bot.channels.telegram_groups import is_group
from bot.channels.telegram_text import parcels
from bot.conversations import NewConversation, open_conversation
from bot.deliveries import Taken, broadcast, counts, make_deliveries
from bot.outgoing import Ending, Outgoing, Parcel
from bot.pace import Limits, Pace
from bot.undelivered import Stretch, undelivered
from storage.database import Database
from storage.models import ChannelChatRow, ConversationRow, DeliveryRow, MessageRow

LIMITS = Limits(overall=200, chat_gap_s=0.0, group_a_minute=1000)


class Messenger:
    """Records what it is sent; `ending` says what becomes of it."""

    def __init__(self, ending: Callable[[Parcel], Ending] = lambda _parcel: Ending("sent")) -> None:
        self.ending = ending
        self.sent: list[Parcel] = []
        self.tried: list[str] = []

    async def send(self, parcel: Parcel) -> Ending:
        self.tried.append(parcel.address)
        ending = self.ending(parcel)
        await asyncio.sleep(0.001)
        if ending.what in {"sent", "lost"}:
            self.sent.append(parcel)
        return ending

    def parcels(self, taken: Taken) -> list[Parcel]:
        return parcels(taken, "", lambda _token: True)


def chat(database: Database, address: str) -> str:
    with database.write() as session:
        row, _ = open_conversation(session, NewConversation("telegram", channel_address=address), datetime.now(UTC))
        return row.id


def say(database: Database, conversation: str, *texts: str, author: str = "linda") -> None:
    with database.write() as session:
        for text in texts:
            body = {"kind": "text", "text": text, "choices": [], "citations": []}
            session.add(MessageRow(conversation_id=conversation, author=author, body=body, said_at=datetime.now(UTC)))
            session.flush()


def make_all(session: Session) -> None:
    """Deliveries of everything said within the hour."""
    make_deliveries(session, "telegram", undelivered(session, "telegram", Stretch(0, 2**62)), datetime.now(UTC))


def run(database: Database, messenger: Messenger, over: Callable[[], bool], *, limits: Limits = LIMITS, seconds: float = 15.0) -> Pace:
    pace = Pace(limits, time.monotonic, is_group)

    async def main() -> None:
        stop = asyncio.Event()
        task = asyncio.create_task(Outgoing(database, "telegram", messenger, pace).run(stop))
        end = time.monotonic() + seconds
        while not over() and time.monotonic() < end:
            await asyncio.sleep(0.02)
        stop.set()
        await task

    asyncio.run(main())
    return pace


def states(database: Database) -> dict[str, int]:
    with database.read() as session:
        return {state: count for state, count in counts(session, "telegram").items() if count}


def settled(database: Database, count: int) -> Callable[[], bool]:
    return lambda: (s := states(database)).get("sent", 0) + s.get("blocked", 0) + s.get("failed", 0) + s.get("unsure", 0) >= count


def test_what_was_said_is_sent_once_in_order(database: Database) -> None:
    texts = [f"第{i}句" for i in range(8)]
    conversations = {address: chat(database, address) for address in ("11", "12", "-13")}
    for conversation in conversations.values():
        say(database, conversation, *texts)
    say(database, conversations["11"], "居民自己说的", author="resident")
    messenger = Messenger()
    run(database, messenger, settled(database, 24))
    for address in conversations:
        assert [p.text for p in messenger.sent if p.address == address] == texts
    assert states(database) == {"sent": 24}
    run(database, messenger, lambda: False, seconds=0.6)
    assert len(messenger.sent) == 24


def test_receipts_overtake_notices_and_these_broadcasts(database: Database, now: Any) -> None:
    people = [(chat(database, str(number)), str(number)) for number in range(60)]
    with database.write() as session:
        assert broadcast(session, "telegram", "停水通知", people, datetime.now(UTC)) == 60
    say(database, people[58][0], "进展", author="notice")
    say(database, people[59][0], "已受理")
    messenger = Messenger()
    run(database, messenger, settled(database, 62), limits=Limits(overall=20, chat_gap_s=0.0))
    assert [p.text for p in messenger.sent[:2]] == ["已受理", "进展"]
    assert len(messenger.sent) == 62


def test_limits_are_kept(database: Database) -> None:
    one, group = chat(database, "1"), chat(database, "-2")
    say(database, one, "a", "b", "c")
    say(database, group, "a", "b", "c")
    at: dict[str, list[float]] = {"1": [], "-2": []}

    def note(parcel: Parcel) -> Ending:
        at[parcel.address].append(time.monotonic())
        return Ending("sent")

    run(database, Messenger(note), lambda: len(at["1"]) == 3, limits=Limits(chat_gap_s=0.4, group_a_minute=2), seconds=6)
    assert all(later - earlier >= 0.4 for earlier, later in zip(at["1"], at["1"][1:], strict=False))
    assert len(at["-2"]) == 2 and states(database)["waiting"] == 1


def test_all_together_never_more_than_allowed_in_any_second(database: Database) -> None:
    people = [(chat(database, str(number)), str(number)) for number in range(40)]
    with database.write() as session:
        broadcast(session, "telegram", "通知", people, datetime.now(UTC))
    at: list[float] = []
    messenger = Messenger(lambda _parcel: at.append(time.monotonic()) or Ending("sent"))  # type: ignore[func-returns-value]
    run(database, messenger, settled(database, 40), limits=Limits(overall=15))
    assert len(at) == 40
    assert max(sum(1 for other in at if 0 <= other - start < 0.98) for start in at) <= 15


def test_429_pauses_one_chat_only(database: Database) -> None:
    slow, others = chat(database, "1"), [chat(database, str(number)) for number in range(2, 12)]
    say(database, slow, "先", "后")
    first = [True]

    def ending(parcel: Parcel) -> Ending:
        if parcel.address == "1" and first[0]:
            first[0] = False
            return Ending("too_fast", after=1.2)
        return Ending("sent")

    messenger = Messenger(ending)
    for other in others:
        say(database, other, "回执")
    started = time.monotonic()
    run(database, messenger, settled(database, 12))
    assert time.monotonic() - started >= 1.2
    assert messenger.tried.count("1") == 3  # the 429 itself, and each message once
    assert [p.text for p in messenger.sent if p.address == "1"] == ["先", "后"]
    assert {p.address for p in messenger.sent[:10]} == {str(number) for number in range(2, 12)}


def test_blocked_is_recorded_without_a_storm(database: Database) -> None:
    gone = chat(database, "1")
    say(database, gone, *[f"{i}" for i in range(6)])
    messenger = Messenger(lambda _parcel: Ending("blocked", "Forbidden"))
    run(database, messenger, settled(database, 6))
    assert len(messenger.tried) <= 3 and states(database) == {"blocked": 6}
    say(database, gone, "又一条")
    run(database, messenger, settled(database, 7))
    assert len(messenger.tried) <= 3
    with database.write() as session:
        assert session.get_one(ChannelChatRow, ("telegram", "1")).blocked_at is not None
        deliveries.block(session, "telegram", "1", datetime.now(UTC), blocked=False)
    say(database, gone, "解除后")
    back = Messenger()
    run(database, back, lambda: bool(back.sent))
    assert [p.text for p in back.sent] == ["解除后"]


@pytest.mark.parametrize(("lost", "state", "copies"), [(1, "sent", 2), (9, "unsure", 2)])
def test_a_lost_answer_is_repeated_at_most_once_and_marked(database: Database, lost: int, state: str, copies: int) -> None:
    say(database, chat(database, "1"), "已受理，工单号 LD26112000012。")
    left = [lost]

    def ending(_parcel: Parcel) -> Ending:
        left[0] -= 1
        return Ending("lost" if left[0] >= 0 else "sent", "ReadTimeout")

    messenger = Messenger(ending)
    run(database, messenger, settled(database, 1))
    assert len(messenger.sent) == copies and states(database) == {state: 1}
    assert [p.text.startswith("（重发，工单 LD26112000012") for p in messenger.sent] == [False, True]


def test_what_never_arrived_is_tried_until_it_does(database: Database) -> None:
    say(database, chat(database, "1"), "回执")
    left = [3]

    def ending(_parcel: Parcel) -> Ending:
        left[0] -= 1
        return Ending("not_sent" if left[0] >= 0 else "sent", "ConnectError")

    messenger = Messenger(ending)
    run(database, messenger, settled(database, 1), seconds=40)
    assert [p.text for p in messenger.sent] == ["回执"] and states(database) == {"sent": 1}


def test_a_moment_without_the_messenger_silences_nobody_for_long(database: Database) -> None:
    """Twenty-five sends cut off at once were counted as twenty-five failures in a row: half a minute of silence after each."""
    people = [(chat(database, str(number)), str(number)) for number in range(60)]
    with database.write() as session:
        broadcast(session, "telegram", "通知", people, datetime.now(UTC))
    began = time.monotonic()
    away = Ending("not_sent", "ConnectError", after=1.0)
    messenger = Messenger(lambda _parcel: away if time.monotonic() - began < 1.0 else Ending("sent"))
    run(database, messenger, settled(database, 60), limits=Limits())
    assert len(messenger.sent) == 60 and time.monotonic() - began < 10


def test_a_messenger_that_swallows_everything_is_tried_one_at_a_time(database: Database) -> None:
    people = [(chat(database, str(number)), str(number)) for number in range(60)]
    with database.write() as session:
        broadcast(session, "telegram", "通知", people, datetime.now(UTC))
    messenger = Messenger(lambda _parcel: Ending("lost", "ReadTimeout"))
    run(database, messenger, lambda: False, limits=Limits(), seconds=4)
    assert len(messenger.tried) <= 30  # those of the first moment, then one after another
    assert states(database).get("unsure", 0) <= 3


def test_refused_buttons_do_not_lose_the_words(database: Database) -> None:
    conversation = chat(database, "1")
    with database.write() as session:
        body = {"kind": "text", "text": "选一个", "choices": [{"title": "好", "choice": "x"}], "citations": []}
        session.add(MessageRow(conversation_id=conversation, author="linda", body=body, said_at=datetime.now(UTC)))
    messenger = Messenger(lambda parcel: Ending("wrong", "BUTTON_DATA_INVALID") if parcel.buttons else Ending("sent"))
    run(database, messenger, settled(database, 1))
    assert [(p.text, p.buttons) for p in messenger.sent] == [("选一个", ())]
    say(database, conversation, "再一条")
    never = Messenger(lambda _parcel: Ending("wrong", "no"))
    run(database, never, settled(database, 2))
    assert len(never.tried) == 2 and states(database) == {"sent": 1, "failed": 1}


def test_a_moved_chat_is_followed(database: Database) -> None:
    conversation = chat(database, "-1")
    say(database, conversation, "一", "二")
    messenger = Messenger(lambda parcel: Ending("moved", address="-1001") if parcel.address == "-1" else Ending("sent"))
    run(database, messenger, settled(database, 2))
    assert [(p.address, p.text) for p in messenger.sent] == [("-1001", "一"), ("-1001", "二")]
    with database.read() as session:
        assert session.get_one(ConversationRow, conversation).channel_address == "-1001"


def test_long_messages_go_in_pieces_and_only_the_lost_piece_is_repeated(database: Database) -> None:
    sentence = "电梯维修由物业服务企业负责。"
    say(database, chat(database, "1"), sentence * 700, "后一条")
    calls = [0]

    def ending(_parcel: Parcel) -> Ending:
        calls[0] += 1
        return Ending("lost" if calls[0] == 2 else "sent")

    messenger = Messenger(ending)
    run(database, messenger, settled(database, 2))
    texts = [p.text for p in messenger.sent]
    assert texts[-1] == "后一条"
    assert texts[2].startswith("（重发") and texts[2].endswith(texts[1])
    assert "".join([texts[0], texts[1], *texts[3:-1]]) == sentence * 700


def test_a_crash_while_sending_repeats_marked(database: Database) -> None:
    say(database, chat(database, "1"), "回执")
    for expected in [*["waiting"] * deliveries.MOST_CUT, "unsure"]:
        with database.write() as session:
            make_all(session)
            due = deliveries.due(session, "telegram", datetime.now(UTC))
            assert len(deliveries.take(session, [one.id for one in due], datetime.now(UTC))) == 1
        with database.write() as session:  # the process ends here, and another begins
            deliveries.recover(session, "telegram", datetime.now(UTC), taken_before=datetime.now(UTC) + timedelta(seconds=1))
            assert session.scalars(select(DeliveryRow.state)).all() == [expected]


def test_two_schedulers_claim_each_delivery_once(database: Database) -> None:
    say(database, chat(database, "1"), "一")
    with database.write() as session:
        make_all(session)
        ids = [one.id for one in deliveries.due(session, "telegram", datetime.now(UTC))]
    with database.write() as session:
        assert len(deliveries.take(session, ids, datetime.now(UTC))) == 1
    with database.write() as session:
        assert deliveries.take(session, ids, datetime.now(UTC)) == []


def test_a_clean_stop_writes_down_what_was_sent_however_busy_the_threads_are(database: Database) -> None:
    say(database, chat(database, "11"), "已受理")
    messenger = Messenger()
    busy = 0.4

    async def main() -> None:
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(1))
        stop = asyncio.Event()
        outgoing = Outgoing(database, "telegram", messenger, Pace(LIMITS, time.monotonic, is_group))
        task = asyncio.create_task(outgoing.run(stop))
        while not messenger.tried:
            await asyncio.sleep(0.0005)
        blocked = asyncio.get_running_loop().run_in_executor(None, time.sleep, busy)
        await asyncio.sleep(busy / 4)  # the ending waits for the thread now
        stop.set()
        await task
        await blocked

    asyncio.run(main())
    assert states(database) == {"sent": 1}


def test_a_look_reads_no_more_rows_however_many_wait(database: Database) -> None:
    """Two hundred chats or four thousand: the scheduler looks five times a second."""
    read: list[int] = []

    def look(waiting: int) -> list[deliveries.Due]:
        with database.write() as session:
            talk, _ = open_conversation(session, NewConversation("telegram", channel_address="1"), datetime.now(UTC))
            at = datetime.now(UTC)
            said = [MessageRow(conversation_id=talk.id, author="notice", body={"text": "x"}, said_at=at) for _ in range(waiting)]
            session.add_all(said)
            session.flush()
            wanted = [(one.id, str(one.id), deliveries.BROADCAST) for one in said]
            deliveries.add_deliveries(session, "telegram", wanted, datetime.now(UTC) - timedelta(seconds=1))
        before = sum(read)
        with database.read() as session:
            found = deliveries.due(session, "telegram", datetime.now(UTC))
        assert sum(read) - before <= 2 * deliveries.PAGE
        return found

    fetch = Result.all

    def counted(self: Any) -> Any:
        rows = fetch(self)
        read.append(len(rows))
        return rows

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Result, "all", counted)
        assert len(look(200)) == 200
        assert len(look(4000)) == deliveries.HEADS


def test_a_chat_with_thousands_that_must_wait_hides_nobody(database: Database) -> None:
    slow, other = chat(database, "1"), chat(database, "2")
    say(database, slow, *["x"] * (deliveries.PAGE + 5))
    with database.write() as session:
        make_all(session)
        first = session.scalars(select(DeliveryRow).order_by(DeliveryRow.id).limit(1)).one()
        first.next_at = datetime.now(UTC) + timedelta(hours=1)
    say(database, other, "回执")
    with database.write() as session:
        make_all(session)
        assert [one.address for one in deliveries.due(session, "telegram", datetime.now(UTC))] == ["2"]
