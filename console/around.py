"""What stands around a ticket: who else has met it, what it repeats, its incident, the units' tasks, photos of what was done."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from console.access import Viewer
from console.inbox import audience_of
from storage.models import IncidentRow, IncidentTicketRow, ProofRow, TaskRow, TicketRow
from tickets.causes import cause_title, causes
from tickets.followers import count_followers
from tickets.incidents import incident_kinds
from tickets.joint import tasks_of
from tickets.repeats import repeats_of
from tickets.reply_quality import needs_photo


@dataclass(frozen=True)
class Around:
    """`met`: how many others joined. `repeats`: numbers of the same person's earlier tickets, only for the office."""

    met: int
    repeats: tuple[str, ...]
    incident: str
    incident_title: str
    tasks: tuple[TaskRow, ...]
    proofs: tuple[ProofRow, ...]
    needs_photo: bool
    cause: str
    causes: dict[str, str]


def look_around(session: Session, viewer: Viewer, row: TicketRow) -> Around:
    """Everything around one ticket that this operator may see."""
    link = session.get(IncidentTicketRow, row.id)
    incident = session.get(IncidentRow, link.incident_id) if link else None
    office = audience_of(viewer) == "office"
    proofs = session.query(ProofRow).filter(ProofRow.ticket_id == row.id).order_by(ProofRow.taken_at, ProofRow.id)
    return Around(
        met=count_followers(session, row),
        repeats=tuple(one.number for one in repeats_of(session, row)) if office else (),
        incident=incident.number if incident else "",
        incident_title=incident_kinds()[incident.kind].title if incident else "",
        tasks=tuple(tasks_of(session, row)),
        proofs=tuple(proofs) if viewer.may("converse") else (),
        needs_photo=needs_photo(row.category),
        cause=cause_title(row.cause) if row.cause else "",
        causes={cause.id: cause.title for cause in causes().values()},
    )
