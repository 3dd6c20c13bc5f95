"""Stars under the news, the right one of several tickets, and what somebody who joined may do, through whole turns."""

import dataclasses
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from actions.turn import Parts
from bot.channels.terminal import TerminalChannel
from bot.rasa_client import RasaClient
from bot.turn import Desk, TurnDesk
from committee.procedures import Procedures
from config.categories import categories
from config.regions import regions
from config.settings import PROJECT, Settings
from knowledge.encoder import load_encoder
from knowledge.finding import Finding, Question
from knowledge.library import load_library
from processes.assemble import assemble_reader
from storage.database import Database
from storage.models import Base, MessageRow, OperatorRow, RatingRow, TicketEventRow, TicketRow
from storage.personal_data import PersonalData
from storage.survey_rows import SurveyAnswerRow
from tests.randomness import without_random
from tickets.change_ticket import Change, change_ticket
from tickets.followers import join
from tickets.open_ticket import NewTicket, open_ticket
from tickets.survey import start_survey
from understanding.reading import Place

NOW = datetime(2026, 11, 20, 1, 30, tzinfo=UTC)


class NoPlans:
    """Nothing here asks the plans; a turn that does is a fault of the test."""

    def answer(self, question: Question) -> Finding:
        raise AssertionError(f"asked the plans: {question}")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Reader, words and categories as in a process, without the index of the plans: it takes long to build and nobody asks it here."""
    folder = tmp_path_factory.mktemp("parts")
    settings = Settings(rasa="off", database_url=f"sqlite:///{folder / 'linda.db'}")
    library = load_library(PROJECT / "knowledge")
    reader = assemble_reader(settings)
    parts = Parts(
        knowledge=NoPlans(),
        regions=regions(),
        categories=categories(),
        people=PersonalData(folder / "person.key"),
        encoder=load_encoder(settings.encoder_dir),
        procedures=Procedures.load(PROJECT / "knowledge" / "procedures"),
        default_region=settings.default_region,
        plan_numbers={key: plan.identity.doc_number or plan.identity.title for key, plan in library.plans.items()},
        plan_regions={key: plan.identity.region for key, plan in library.plans.items()},
    )
    database = Database(settings.database_url)
    rasa = RasaClient(settings.rasa_url, "none", settings.rasa_timeout_s, on=False)
    yield Desk(database, reader, rasa, parts, lambda: NOW, lambda _reading, _rasa: (None, 0.0))
    database.close()


class Chat:
    """Two residents, the intents the test gives, and the tickets of the first."""

    def __init__(self, desk: Desk, database: Database) -> None:
        self.database = database
        self.intent: str | None = None
        turns = TurnDesk(dataclasses.replace(desk, database=database, judge_intent=lambda _r, _p: (self.intent, float(bool(self.intent)))))
        people = desk.parts.people
        self.author = TerminalChannel(turns, "donghe", people)
        self.neighbour = TerminalChannel(turns, "donghe", people)

    def ticket(self, category: str, description: str, state: str | None = None) -> str:
        with self.database.write() as session:
            place = Place(community="和平小区", building="3", unit="2", room="502")
            new = NewTicket(
                kind="repair", category=category, region="donghe", property_form=None, place=place, description=description,
                occurred=None, urgent=False, anonymous=False, person_id=None, conversation_id=self.author.conversation_id, turn_id=None,
            )  # fmt: skip
            row = open_ticket(session, new, NOW)
            if state:
                change_ticket(session, row, Change(state, "王师傅", "换了新的，试过了", state=state), NOW)
            return row.number

    def joins(self, number: str) -> None:
        with self.database.write() as session:
            row = session.scalars(select(TicketRow).where(TicketRow.number == number)).one()
            join(session, row, self.neighbour.conversation_id, None, "", NOW)

    def change(self, number: str, state: str, text: str) -> None:
        with self.database.write() as session:
            row = session.scalars(select(TicketRow).where(TicketRow.number == number)).one()
            change_ticket(session, row, Change(state, "王师傅", text, state=state), NOW)

    def says(self, text: str, intent: str | None = None, who: TerminalChannel | None = None) -> dict[str, Any]:
        self.intent = intent
        return (who or self.author).say(text)

    def stars(self, who: TerminalChannel) -> dict[str, str]:
        with self.database.read() as session:
            query = select(MessageRow).where(MessageRow.conversation_id == who.conversation_id, MessageRow.author == "notice")
            body = list(session.scalars(query.order_by(MessageRow.id)))[-1].body
        return {choice["title"]: choice["choice"] for choice in body["choices"]}

    def ratings(self) -> list[tuple[int, str]]:
        with self.database.read() as session:
            return [(row.stars, row.text) for row in session.scalars(select(RatingRow).order_by(RatingRow.id))]


@pytest.fixture
def chat(desk: Desk, tmp_path: Path) -> Iterator[Chat]:
    database = Database(f"sqlite:///{tmp_path / 'linda.db'}")
    Base.metadata.create_all(database.engine)
    yield Chat(desk, database)
    database.close()


def text_of(turn: dict[str, Any]) -> str:
    return "\n".join(reply["text"] for reply in turn["replies"])


def test_stars_below_the_news_and_words_after_a_low_mark(chat: Chat) -> None:
    number = chat.ticket("lighting", "楼道灯不亮", "resolved")
    buttons = chat.stars(chat.author)
    assert list(buttons) == ["★★★★★", "★★★★", "★★★", "★★", "★"]
    low = chat.author.say(None, buttons["★★"])
    assert low["outcome"] == "status"
    assert "哪里没办好" in text_of(low)
    assert [choice["title"] for choice in low["replies"][0]["choices"]] == ["没修好，重新办"]
    assert "记下了" in text_of(chat.says("师傅来得太晚了，等了三天", "report_complaint"))
    assert chat.ratings() == [(2, "师傅来得太晚了，等了三天")]
    again = chat.author.say(None, low["replies"][0]["choices"][0]["choice"])
    assert again["tickets"][0]["state"] == "reopened"
    assert again["tickets"][0]["number"] == number


def test_a_mark_in_words(chat: Chat) -> None:
    chat.ticket("lighting", "楼道灯不亮", "resolved")
    assert "5 星" in text_of(chat.says("给五分", "thank"))
    assert "1 星" in text_of(chat.says("给个差评", "report_complaint"))
    assert chat.ratings() == [(1, "")]


def test_a_mark_for_what_is_not_ended_is_told_so(chat: Chat) -> None:
    assert "没有办结的工单" in text_of(chat.says("给五分", None))
    number = chat.ticket("lighting", "楼道灯不亮")
    assert f"{number} 还没有办结" in text_of(chat.says("给五分", None))
    assert chat.ratings() == []


def test_fixed_asks_for_stars_and_a_word_is_enough(chat: Chat) -> None:
    chat.ticket("lighting", "楼道灯不亮", "resolved")
    closed = chat.says("修好了", "confirm_fixed")
    assert closed["tickets"][0]["state"] == "closed"
    assert len(closed["replies"][-1]["choices"]) == 5
    assert "4 星" in text_of(chat.says("满意", "thank"))


def test_who_joined_asks_chases_rates_and_leaves(chat: Chat) -> None:
    number = chat.ticket("elevator", "电梯停了，我家502")
    chat.joins(number)
    status = chat.says("进度咋样了", "ask_status", chat.neighbour)
    assert status["tickets"][0]["number"] == number
    assert "502" not in without_random(status)
    chased = chat.says("催一下，我住301", "chase_ticket", chat.neighbour)
    assert "第1次催办" in text_of(chased)
    with chat.database.read() as session:
        assert "301" not in without_random([e.text for e in session.scalars(select(TicketEventRow))])
    chat.change(number, "resolved", "更换了主板")
    chat.neighbour.say(None, chat.stars(chat.neighbour)["★★★★"])
    assert chat.ratings() == [(4, "")]
    assert "不再告诉您" in text_of(chat.says("撤了吧", "withdraw_ticket", chat.neighbour))
    assert chat.says("进度咋样了", "ask_status", chat.neighbour)["tickets"] == []


def test_progress_is_the_desks_words_never_the_residents_own(chat: Chat) -> None:
    chat.ticket("lighting", "楼道灯不亮")
    told = text_of(chat.says("都几天了快点", "chase_ticket"))
    assert "都几天了快点" not in told
    assert "还没有新的办理进展" in told


@pytest.mark.parametrize(
    ("words", "category"),
    [
        ("灯那个催一下", "lighting"),
        ("水管的那个咋样了", "indoor_repair"),
        ("电梯修到哪一步了", "elevator"),
        ("厨房那个撤了吧", "indoor_repair"),
    ],
)
def test_the_right_one_of_several_is_hit(chat: Chat, words: str, category: str) -> None:
    chat.ticket("lighting", "楼道声控灯不亮")
    chat.ticket("elevator", "电梯停了坐不了")
    chat.ticket("indoor_repair", "厨房水管接头漏水")
    found = chat.says(words, "ask_status")
    assert [one["category"] for one in found["tickets"]] == [category]


def test_what_names_none_is_asked_with_buttons(chat: Chat) -> None:
    first = chat.ticket("lighting", "楼道声控灯不亮")
    chat.ticket("elevator", "电梯停了坐不了")
    asked = chat.says("催一下", "chase_ticket")
    assert asked["outcome"] == "clarify"
    assert len(asked["replies"][0]["choices"]) == 2
    button = next(c for c in asked["replies"][0]["choices"] if c["title"].endswith(first[-5:]))
    chased = chat.author.say(None, button["choice"])
    assert chased["tickets"][0]["number"] == first
    assert "第1次催办" in text_of(chased)


def surveyed(chat: Chat) -> dict[str, str]:
    """Begin the survey of the author's estate; gives back the question's buttons."""
    with chat.database.write() as session:
        clerk = session.scalar(select(OperatorRow)) or OperatorRow(
            login="jie", name="街道", password_hash="x", role="operator", created_at=NOW
        )
        session.add(clerk)
        session.flush()
        start_survey(session, regions()["donghe"], "和平小区", clerk, "东河区方案", NOW)
    return chat.stars(chat.author)


def survey_answers(chat: Chat) -> list[tuple[int | None, str]]:
    with chat.database.read() as session:
        return [(row.stars, row.text) for row in session.scalars(select(SurveyAnswerRow).order_by(SurveyAnswerRow.id))]


@pytest.mark.parametrize(("words", "stars", "text"), [("四分", 4, ""), ("5", 5, ""), ("不满意", 2, ""), ("三星，楼道太脏", 3, "楼道太脏")])
def test_the_survey_is_answered_in_words_right_after_the_question(chat: Chat, words: str, stars: int, text: str) -> None:
    chat.ticket("lighting", "楼道灯不亮", "resolved")
    surveyed(chat)
    chat.says(words, "inform")
    assert survey_answers(chat) == [(stars, text)]
    assert chat.ratings() == []


def test_the_survey_by_button_then_why_then_other_talk(chat: Chat) -> None:
    chat.ticket("lighting", "楼道灯不亮")
    buttons = surveyed(chat)
    assert "2 星" in text_of(chat.author.say(None, buttons["★★"]))
    told = chat.says("保洁一个月没来了", "report_complaint")
    assert [c["title"] for c in told["replies"][0]["choices"]] == ["这件事要有人管，报上去"]
    assert survey_answers(chat) == [(2, "保洁一个月没来了")]
    filed = chat.author.say(None, told["replies"][0]["choices"][0]["choice"])
    assert filed["outcome"] in {"report_open", "filed"}
    assert survey_answers(chat) == [(2, "保洁一个月没来了")]


def test_the_survey_disturbs_no_other_talk(chat: Chat) -> None:
    number = chat.ticket("lighting", "楼道灯不亮", "resolved")
    surveyed(chat)
    assert chat.says("进度咋样了", "ask_status")["tickets"][0]["number"] == number
    assert "5 星" in text_of(chat.says("给五分", "thank"))  # the question is not the last thing said: the mark is the ticket's
    assert (survey_answers(chat), chat.ratings()) == ([(None, "")], [(5, "")])


def test_the_survey_inside_a_report_hears_only_a_plain_mark(chat: Chat) -> None:
    chat.ticket("lighting", "楼道灯不亮")
    begun = chat.says("楼道灯坏了", "report_repair")
    assert begun["draft"] is not None
    surveyed(chat)
    assert chat.says("3", "inform")["draft"] is not None
    assert survey_answers(chat) == [(None, "")]


def test_a_mark_inside_a_report_is_kept_and_the_report_goes_on(chat: Chat) -> None:
    chat.ticket("lighting", "楼道灯不亮")
    begun = chat.says("楼道灯坏了", "report_repair")
    surveyed(chat)
    told = chat.says("四分", "inform")
    assert told["draft"] == begun["draft"]
    assert survey_answers(chat) == [(4, "")]


def test_a_repair_said_after_the_stars_is_a_report(chat: Chat) -> None:
    chat.ticket("lighting", "楼道灯不亮")
    chat.author.say(None, surveyed(chat)["★★★★★"])
    assert chat.says("我家厨房水管漏水了", "report_repair")["outcome"] in {"report_open", "filed"}
    assert survey_answers(chat) == [(5, "")]


def test_no_more_questions_by_button_or_words_and_back(chat: Chat) -> None:
    chat.ticket("lighting", "楼道灯不亮")
    buttons = surveyed(chat)
    never = chat.author.say(None, buttons["以后不用问我"])
    assert "不再问您" in text_of(never)
    assert "下次" in text_of(chat.author.say(None, never["replies"][0]["choices"][0]["choice"]))
    assert survey_answers(chat) == [(None, "")]


def test_dont_ask_again_in_words(chat: Chat) -> None:
    chat.ticket("lighting", "楼道灯不亮")
    surveyed(chat)
    assert "不再问您" in text_of(chat.says("别再问我了", "deny"))
