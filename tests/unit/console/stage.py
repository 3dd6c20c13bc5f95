"""A console with people and tickets to try it on: used by the unit tests, the browser test and for taking photos."""

import re
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.testclient import TestClient
from PIL import Image

from console.app import ConsoleDesk, console_router
from console.look import look_at
from console.operators import add_operator
from storage.database import Database
from storage.models import AttachmentRow, ConversationRow, MessageRow, OperatorRow, TicketRow, UnansweredRow
from storage.personal_data import PersonalData
from tickets.open_ticket import NewTicket, open_ticket
from understanding.reading import Place

CSRF = re.compile(r'name="csrf" value="([^"]+)"')
ESTATE = "和平里小区"


@dataclass
class Clock:
    """A clock the test moves."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now

    def move(self, **length: float) -> None:
        self.now += timedelta(**length)


@dataclass
class Stage:
    """The console over one database."""

    database: Database
    data_dir: Path
    clock: Clock
    passwords: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.desk = ConsoleDesk(self.database, self.clock, self.data_dir)
        self.app = FastAPI()
        self.app.include_router(console_router(self.desk))

    def operator(
        self,
        login: str,
        role: str = "operator",
        *,
        side: str = "street",
        regions: tuple[str, ...] = ("donghe",),
        communities: tuple[str, ...] = (),
    ) -> str:
        """Make an account; its password is remembered for `client`."""
        where = () if role == "admin" else regions
        self.passwords[login] = add_operator(self.database, login, f"值班{login}", role, where, communities, side, self.clock())
        return self.passwords[login]

    def visitor(self) -> TestClient:
        """A browser nobody is signed in with."""
        return TestClient(self.app, follow_redirects=False)

    def client(self, login: str) -> TestClient:
        """A browser this operator is signed in with."""
        client = self.visitor()
        answer = sign_in(client, login, self.passwords[login])
        assert answer.status_code == 303, answer.text
        return client

    def operator_id(self, login: str) -> int:
        """The id of an account."""
        with self.database.read() as session:
            return session.query(OperatorRow.id).filter(OperatorRow.login == login).scalar()

    def ticket(self, **given: Any) -> str:
        """Open a ticket out of a conversation, with a photo and a contact; gives back its number."""
        now = self.clock()
        place = Place(given.get("community", ESTATE), "3", "2", "502", given.get("spot", "厨房"))
        with self.database.write() as session:
            talk = given.get("conversation") or self._conversation(session, now)
            person = PersonalData(self.data_dir / "person.key").remember_person(session, name="王小明", phone="13812345678", now=now)
            photo = self._photo(session, talk, now) if given.get("photo", True) else ()
            new = NewTicket(
                kind=given.get("kind", "repair"),
                category=given.get("category", "water_supply"),
                region=given.get("region", "donghe"),
                property_form=given.get("form", "market"),
                place=place,
                description=given.get("description", "厨房水管一直漏水，我电话13812345678"),
                occurred=given.get("occurred"),
                urgent=given.get("urgent", False),
                anonymous=False,
                person_id=person,
                conversation_id=talk,
                turn_id=None,
                attachments=photo,
            )
            said = {"kind": "text", "text": new.description, "choices": [], "citations": [], "attachments": list(photo)}
            session.add(MessageRow(conversation_id=talk, author="resident", body=said, said_at=now))
            return open_ticket(session, new, now).number

    def conversation_of(self, number: str) -> str:
        """The conversation a ticket came from."""
        with self.database.read() as session:
            found = session.query(TicketRow.conversation_id).filter(TicketRow.number == number).scalar()
            assert found is not None
            return str(found)

    def row(self, number: str) -> TicketRow:
        """The ticket's row."""
        with look_at(self.database) as session:
            return session.query(TicketRow).filter(TicketRow.number == number).one()

    def say(self, number: str, text: str, author: str = "resident") -> None:
        """Somebody says something in a ticket's conversation."""
        with self.database.write() as session:
            body = {"kind": "text", "text": text, "choices": [], "citations": []}
            session.add(MessageRow(conversation_id=self.conversation_of(number), author=author, body=body, said_at=self.clock()))

    def unanswered(self, question: str, region: str | None = "donghe", reason: str = "nothing") -> None:
        """A question no plan answered."""
        with self.database.write() as session:
            session.add(UnansweredRow(turn_id=secrets.token_hex(8), region=region, question=question, reason=reason, asked_at=self.clock()))

    def _conversation(self, session: Any, now: datetime) -> str:
        talk = f"c{secrets.token_hex(8)}"
        session.add(ConversationRow(id=talk, token_hash="-", channel="web", region="donghe", created_at=now, seen_at=now))
        session.flush()
        return talk

    def _photo(self, session: Any, talk: str, now: datetime) -> tuple[str, ...]:
        folder = self.data_dir / "attachments"
        folder.mkdir(parents=True, exist_ok=True)
        name, photo_id = f"{secrets.token_hex(8)}.jpg", f"a{secrets.token_hex(8)}"
        Image.new("RGB", (64, 48), (90, 130, 150)).save(folder / name)
        size = (folder / name).stat().st_size
        session.add(
            AttachmentRow(
                id=photo_id, conversation_id=talk, media_type="image/jpeg", file_name=name, size=size, width=64, height=48, received_at=now
            )
        )
        session.flush()
        return (photo_id,)


def csrf_of(client: TestClient, path: str = "/console/account") -> str:
    """The CSRF token of the signed-in session."""
    found = CSRF.search(client.get(path).text)
    assert found is not None
    return found[1]


def post(client: TestClient, path: str, **fields: Any) -> Any:
    """Send a form of the console, with its token."""
    return client.post(path, data={"csrf": csrf_of(client), **fields})


def sign_in(client: TestClient, login: str, password: str, next: str = "") -> Any:
    """Fill in the sign-in page."""
    found = CSRF.search(client.get("/console/sign-in").text)
    assert found is not None
    return client.post("/console/sign-in", data={"csrf": found[1], "login": login, "password": password, "next": next})
