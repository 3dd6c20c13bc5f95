"""One message → its replies: intake, understanding, decision, effect, each turn exactly once and never silent."""

import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from actions.answer import Answer, Reply
from actions.decide import MAY_ASK, decide
from actions.turn import Parts, Turn
from bot.inbox import Claimed, Talk, accept, all_pending, claim, pending_before, settle
from bot.message import Incoming
from bot.rasa_client import RasaClient
from config.refusal import Refused
from config.words import Words
from knowledge.finding import Question
from storage.database import Database
from storage.models import ChoiceRow, ConversationRow, InboxRow, MessageRow
from understanding.matter import policy_chance, report_chance
from understanding.read_message import Reader
from understanding.reading import Reading

log = structlog.get_logger(__name__)
SESSION_TURNS = 30  # Rasa's tracker grows by 0.3 ms a turn: a new sender id after this many
_OFFERED, _SAID = insert(ChoiceRow), insert(MessageRow)
FRESH = timedelta(seconds=20)  # a pending turn older than this was left by a crash


@dataclass(frozen=True)
class Desk:
    """What a turn needs; made once per process by the entry point."""

    database: Database
    reader: Reader
    rasa: RasaClient
    parts: Parts
    clock: Callable[[], datetime]
    judge_intent: Callable[[Reading, dict[str, float]], tuple[str | None, float]]


@dataclass
class _Heard:
    """A turn this process has under way: what it says, what it would ask the plans, and its result once decided here."""

    reading: Reading
    question: Question | None
    result: dict[str, Any] | None = None
    rasa: dict[str, float] = field(default_factory=dict)  # probability of each intent as Rasa heard it
    own: dict[str, float] = field(default_factory=dict)  # and as our own judge did


class TurnDesk:
    """Takes messages from every channel. Turns of one conversation run one after another."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self._orders: dict[str, tuple[threading.Lock, int]] = {}
        self._guard = threading.Lock()
        self._heard: dict[str, _Heard] = {}

    @contextmanager
    def _in_order(self, conversation_id: str) -> Iterator[None]:
        with self._guard:
            lock, users = self._orders.get(conversation_id, (threading.Lock(), 0))
            self._orders[conversation_id] = (lock, users + 1)
        try:
            with lock:
                yield
        finally:
            with self._guard:
                lock, users = self._orders[conversation_id]
                if users == 1:
                    del self._orders[conversation_id]
                else:
                    self._orders[conversation_id] = (lock, users - 1)

    def take(self, conversation_id: str, message: Incoming) -> dict[str, Any]:
        """Commit the message, decide it, give back the contract's Turn. Raises Refused for a reused id or unknown choice."""
        with self._in_order(conversation_id):
            with self.desk.database.write() as session:
                shown = _shown(session, conversation_id, message)
                accepted = accept(session, conversation_id, message, self.desk.clock(), shown)
            if accepted.result is not None:
                return accepted.result
            if accepted.talk is None:
                return self._work_off(accepted.turn_id)
            result = self._take_up(accepted.turn_id, accepted.talk, message.payload())
            return result if result is not None else self._result_of(accepted.turn_id)

    def _work_off(self, turn_id: str) -> dict[str, Any]:
        with self.desk.database.read() as session:
            waiting = pending_before(session, turn_id)
        for waiting_id in waiting:
            self._process(waiting_id)
        return self._result_of(turn_id)

    def _result_of(self, turn_id: str) -> dict[str, Any]:
        with self.desk.database.read() as session:
            row = session.get(InboxRow, turn_id)
            if row is None or row.result is None:
                raise RuntimeError(f"turn {turn_id} has no result")
            return dict(row.result)

    def recover(self) -> int:
        """Decide what a crash left pending; run at start and now and then. Returns how many."""
        with self.desk.database.read() as session:
            left = all_pending(session, self.desk.clock() - FRESH)
        for turn_id, conversation_id in left:
            with self._in_order(conversation_id):
                self._process(turn_id)
        return len(left)

    def _process(self, turn_id: str) -> None:
        with self.desk.database.read() as session:
            row = session.get(InboxRow, turn_id)
            if row is None or row.state != "pending":
                return
            talk = Talk.of(session.get_one(ConversationRow, row.conversation_id))
            payload = row.payload
        self._take_up(turn_id, talk, payload)

    def _take_up(self, turn_id: str, talk: Talk, payload: dict[str, Any]) -> dict[str, Any] | None:
        """Read and decide a pending turn; its result when it was decided in this process, None when another replica did."""
        reading = self.desk.reader.read(payload["text"] or "", talk.region)
        heard = self._heard[turn_id] = _Heard(reading, _question(talk, reading))
        sender = f"{talk.id}-{talk.turns // SESSION_TURNS}"
        try:
            direct = payload["choice"] or reading.emergency or not reading.text
            if not direct and self.desk.rasa.say(sender, reading.text, turn_id, self.desk.reader.meaning_as_written(reading)):
                if heard.result is not None:
                    return heard.result
                with self.desk.database.read() as session:
                    if session.scalar(select(InboxRow.state).where(InboxRow.id == turn_id)) != "pending":
                        return None
                log.warning("rasa_decided_nothing", turn=turn_id)
            self.decide(turn_id, {})
            return heard.result
        finally:
            self._heard.pop(turn_id, None)

    def decide(self, turn_id: str, rasa: dict[str, float]) -> bool:
        """Decide a pending turn in one transaction with all its effects; False when it was decided already.

        `rasa`: probability of each intent as Rasa heard it; empty when Rasa is away or was not asked."""
        try:
            heard = self._heard_of(turn_id)
            if heard is not None:
                heard.rasa = rasa
            return heard is not None and self._settle(turn_id, heard, *self.desk.judge_intent(heard.reading, rasa))
        except Exception:
            log.exception("turn_failed", turn=turn_id)
            return self._apologise(turn_id)

    def decide_as(self, turn_id: str, intent: str) -> bool:
        """Decide a pending turn as this intent, whatever else could be heard in it (a group chat only ever gets policy answers)."""
        try:
            heard = self._heard_of(turn_id)
            return heard is not None and self._settle(turn_id, heard, intent, 1.0)
        except Exception:
            log.exception("turn_failed", turn=turn_id)
            return self._apologise(turn_id)

    def _settle(self, turn_id: str, heard: _Heard, intent: str | None, confidence: float | None) -> bool:
        heard.own = self.desk.reader.intents_of(heard.reading)
        asks = intent == "ask_policy" or policy_chance(heard.rasa, heard.own) >= MAY_ASK
        if asks and heard.question is not None:
            # Found before the transaction opens (the finding is remembered): on SQLite the write lock must be held briefly.
            self.desk.parts.knowledge.answer(heard.question)
        return self._decide(turn_id, heard, intent, confidence)

    def _heard_of(self, turn_id: str) -> _Heard | None:
        """What the message says: read already in this process, else read now (another replica took the message in)."""
        known = self._heard.get(turn_id)
        if known is not None:
            return known
        with self.desk.database.read() as session:
            row = session.get(InboxRow, turn_id)
            conversation = session.get(ConversationRow, row.conversation_id) if row else None
        if row is None or conversation is None or row.state != "pending":
            return None
        reading = self.desk.reader.read(row.payload["text"] or "", conversation.region)
        return _Heard(reading, _question(Talk.of(conversation), reading))

    def _decide(self, turn_id: str, heard: _Heard, intent: str | None, confidence: float | None) -> bool:
        now, reading = self.desk.clock(), heard.reading
        with self.desk.database.write() as session:
            taken = claim(session, turn_id, now)
            if taken is None:
                return False
            conversation = session.get_one(ConversationRow, taken.conversation_id, with_for_update=True)
            turn = self._turn(session, conversation, taken, reading, now)
            if not taken.payload["choice"] and reading.text:
                turn.intent, turn.confidence = intent, confidence
                turn.report_chance, turn.policy_chance = report_chance(heard.rasa, heard.own), policy_chance(heard.rasa, heard.own)
            answer = decide(turn)
            conversation.dialogue = dict(turn.dialogue)
            session.flush()  # what the decision itself wrote comes before the replies
            result = _record(session, turn, answer)
            settle(session, turn_id, result)
        heard.result = result
        return True

    def _turn(self, session: Session, conversation: ConversationRow, taken: Claimed, reading: Reading, now: datetime) -> Turn:
        meaning = None
        if taken.payload["choice"]:
            known = session.get(ChoiceRow, taken.payload["choice"])
            meaning = known.meaning if known and known.conversation_id == conversation.id else {"do": "unknown"}
        return Turn(
            id=taken.turn_id,
            session=session,
            conversation=conversation,
            reading=reading,
            now=now,
            words=Words(conversation.locale),
            parts=self.desk.parts,
            reread=lambda text: self.desk.reader.read(text, conversation.region),
            meaning=meaning,
            attachments=tuple(taken.payload["attachments"]),
            dialogue=dict(conversation.dialogue),
        )

    def _apologise(self, turn_id: str) -> bool:
        """A bug must not be silent: the turn is closed as dead with an apology; the message stays for review."""
        now = self.desk.clock()
        with self.desk.database.write() as session:
            taken = claim(session, turn_id, now)
            if taken is None:
                return False
            conversation = session.get_one(ConversationRow, taken.conversation_id)
            reply = Reply(Words(conversation.locale)("failed"))
            body = reply.as_record([])
            session.add(MessageRow(conversation_id=conversation.id, turn_id=turn_id, author="linda", body=body, said_at=now))
            result = {
                "turn": turn_id, "outcome": "failed", "intent": None, "confidence": None,
                "asks_for": None, "replies": [body], "tickets": [], "draft": None,
            }  # fmt: skip
            settle(session, turn_id, result, state="dead")
        return True


def _question(talk: Talk, reading: Reading) -> Question | None:
    """What the message asks of the plans, were it a question; None while the region is unknown."""
    if talk.region is None:
        return None
    dialogue = talk.dialogue
    return Question(reading.text, talk.region, talk.property_form, dialogue.get("question"), dialogue.get("provision"))


def _shown(session: Session, conversation_id: str, message: Incoming) -> dict[str, Any]:
    """How the resident's own message is shown back; an unknown or foreign choice is refused (422) before it is stored."""
    title = None
    if message.choice:
        known = session.get(ChoiceRow, message.choice)
        if known is None or known.conversation_id != conversation_id:
            raise Refused("没有这个按钮", "按最近一条回复里的按钮，或直接打字", status=422, code="unknown_choice")
        title = known.meaning.get("title")
    return {"text": message.text or title or "", "attachments": list(message.attachments)}


def _record(session: Session, turn: Turn, answer: Answer) -> dict[str, Any]:
    """The contract's Turn; its replies become messages and their buttons choices."""
    records, said, choices = [], [], []
    talk = turn.conversation.id
    for reply in answer.replies:
        tokens = [secrets.token_urlsafe(12) for _ in reply.choices]
        for choice, token in zip(reply.choices, tokens, strict=True):
            meaning = {**choice.meaning, "title": choice.title}
            choices.append({"token": token, "conversation_id": talk, "meaning": meaning, "made_at": turn.now})
        record = reply.as_record(tokens)
        records.append(record)
        said.append({"conversation_id": talk, "turn_id": turn.id, "author": "linda", "body": record, "said_at": turn.now})
    connection = session.connection()
    for statement, rows in ((_OFFERED, choices), (_SAID, said)):
        if rows:
            connection.execute(statement, rows)
    return {
        "turn": turn.id,
        "outcome": answer.outcome,
        "intent": turn.intent,
        "confidence": turn.confidence,
        "asks_for": answer.asks_for,
        "replies": records,
        "tickets": list(answer.tickets),
        "draft": answer.draft,
    }
