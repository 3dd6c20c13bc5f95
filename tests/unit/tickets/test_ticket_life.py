"""The life of tickets, lived at random: whatever people and rules do, promises, history and queue agree with each other."""

from datetime import UTC, datetime, timedelta

import hypothesis.strategies as st
from hypothesis import HealthCheck, settings
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import func, select

from config.refusal import Refused
from storage.database import Database
from storage.models import Base, ClockRow, ConversationRow, MessageRow, OperatorRow, OutboxRow, TicketEventRow, TicketRow
from tickets.change_ticket import Change, change_ticket
from tickets.ladder import sweep
from tickets.open_ticket import NewTicket, open_ticket
from tickets.operator import merge, unmerge
from tickets.resident import chase, confirm_fixed, dispute_fixed, supplement, withdraw
from tickets.ticket import NEXT_STATES, OPEN_STATES, STATES, level_rank
from understanding.reading import Place

START = datetime(2026, 11, 20, 1, 30, tzinfo=UTC)
FORMS = st.sampled_from([None, "market", "quasi", "basic", "community", "self"])
REGIONS = st.sampled_from(["donghe", "ejinhoro", "minle", "nmg"])


class PowerCut(Exception):
    """The process dies before its commit."""


class TicketLife(RuleBasedStateMachine):
    """Residents, operators, the backend and time act on tickets; a crash may come before any commit."""

    tickets = Bundle("tickets")
    database: Database

    @initialize()
    def begin(self) -> None:
        with self.database.write() as session:
            for table in reversed(Base.metadata.sorted_tables):
                session.execute(table.delete())
            session.add(ConversationRow(id="c", token_hash="x", channel="web", created_at=START, seen_at=START))
            session.add(OperatorRow(id=1, login="o", name="小王", password_hash="x", role="operator", created_at=START))
        self.now, self.turns = START, 0
        self.levels: dict[int, int] = {}
        self.promises: dict[int, datetime | None] = {}

    def act(self, ticket: int, crash: bool, what) -> None:
        """Run one action in a transaction of its own; refusals are answers, a crash leaves no trace."""
        before = self.snapshot()
        try:
            with self.database.write() as session:
                what(session, session.get(TicketRow, ticket))
                if crash:
                    raise PowerCut
        except (Refused, PowerCut):
            assert self.snapshot() == before

    def snapshot(self) -> list[object]:
        with self.database.read() as session:
            rows = [(t.id, t.state, t.level, t.version, t.chased, t.merged_into) for t in session.scalars(select(TicketRow))]
            clocks = [(c.id, c.state, c.due_at, c.ended_at) for c in session.scalars(select(ClockRow))]
            counts = [session.scalar(select(func.count()).select_from(t)) for t in (TicketEventRow, OutboxRow, MessageRow)]
        return [sorted(rows), sorted(clocks, key=lambda c: c[0]), counts]

    @rule(target=tickets, form=FORMS, region=REGIONS, kind=st.sampled_from([("repair", "heating"), ("complaint", "fees")]))
    def report(self, form, region, kind):
        self.turns += 1
        new = NewTicket(kind[0], kind[1], region, form, Place("某小区"), "坏了", None, False, False, None, "c", f"t{self.turns}")
        with self.database.write() as session:
            return open_ticket(session, new, self.now).id

    @rule(minutes=st.integers(0, 20 * 24 * 60))
    def time_passes(self, minutes):
        self.now += timedelta(minutes=minutes)

    @rule(crash=st.booleans())
    def sweep_comes_by(self, crash):
        sweep(self.database, self.now, batch=3 if crash else 500)

    @rule(ticket=tickets, state=st.sampled_from(STATES), text=st.sampled_from(["", "说明"]), crash=st.booleans())
    def backend_says(self, ticket, state, text, crash):
        self.act(ticket, crash, lambda s, row: change_ticket(s, row, Change(state, "后台", text, state=state), self.now))

    @rule(ticket=tickets, what=st.sampled_from([withdraw, confirm_fixed]), crash=st.booleans())
    def resident_ends(self, ticket, what, crash):
        self.act(ticket, crash, lambda s, row: what(s, row, now=self.now))

    @rule(ticket=tickets, what=st.sampled_from([chase, dispute_fixed, supplement]), crash=st.booleans())
    def resident_speaks(self, ticket, what, crash):
        self.act(ticket, crash, lambda s, row: what(s, row, text="还没好", now=self.now))

    @rule(ticket=tickets, other=tickets, crash=st.booleans())
    def operator_merges(self, ticket, other, crash):
        self.act(ticket, crash, lambda s, row: merge(s, row, s.get(TicketRow, other), s.get(OperatorRow, 1), self.now))

    @rule(ticket=tickets, crash=st.booleans())
    def operator_parts(self, ticket, crash):
        self.act(ticket, crash, lambda s, row: unmerge(s, row, s.get(OperatorRow, 1), self.now))

    @invariant()
    def everything_agrees(self) -> None:
        if not hasattr(self, "levels"):
            return
        with self.database.read() as session:
            for row in session.scalars(select(TicketRow)):
                self.history_tells_the_state(session, row)
                self.queue_has_the_newest(session, row)
                self.clocks_fit(session, row)
                assert level_rank(row.level) >= self.levels.get(row.id, 0)
                self.levels[row.id] = level_rank(row.level)

    def history_tells_the_state(self, session, row) -> None:
        events = session.scalars(select(TicketEventRow).where(TicketEventRow.ticket_id == row.id).order_by(TicketEventRow.seq)).all()
        assert [e.seq for e in events] == list(range(1, len(events) + 1))
        assert row.version == len(events)
        assert [e.at for e in events] == sorted(e.at for e in events)
        state = "submitted"
        for event in events:
            if "to" in event.data:
                assert event.data["from"] == state
                state = event.data["to"]
                assert state in NEXT_STATES[event.data["from"]]
        assert state == row.state
        assert (row.merged_into is not None) == (row.state == "merged")

    def queue_has_the_newest(self, session, row) -> None:
        events = session.scalars(select(OutboxRow).where(OutboxRow.subject == row.number).order_by(OutboxRow.id)).all()
        history = session.scalar(select(func.count()).where(TicketEventRow.ticket_id == row.id))
        assert len(events) == history
        assert events[0].type == "linda.ticket.opened.v1"
        assert events[-1].payload["data"]["state"] == row.state
        assert events[-1].payload["data"]["level"] == row.level

    def clocks_fit(self, session, row) -> None:
        for clock in session.scalars(select(ClockRow).where(ClockRow.ticket_id == row.id)):
            assert self.promises.setdefault(clock.id, clock.due_at) == clock.due_at
            assert (clock.due_at is None) == (clock.state == "not_set" or (clock.state == "stopped" and clock.due_at is None))
            assert row.region != "minle" or clock.climbs_to is None
            if clock.state == "running":
                assert row.state in OPEN_STATES
            if clock.climbed_at is not None:
                assert clock.climbed_at >= clock.due_at
        climbed = session.scalar(select(func.count()).where(ClockRow.ticket_id == row.id, ClockRow.climbed_at.is_not(None)))
        told = select(func.count()).where(TicketEventRow.ticket_id == row.id, TicketEventRow.event.in_(("escalated", "overdue")))
        assert climbed == session.scalar(told)


def test_the_life_of_tickets(database: Database):
    class Life(TicketLife):
        pass

    Life.database = database
    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=10,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            derandomize=True,
            database=None,
        ),
    )
