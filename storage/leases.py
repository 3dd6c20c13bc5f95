"""Leases: which process does what only one may do at a time; a dead holder on this machine is noticed at once, another when it runs out."""

import os
import socket
from dataclasses import dataclass
from datetime import datetime, timedelta

import psutil
from sqlalchemy import CursorResult, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from storage.models import LeaseRow


@dataclass(frozen=True)
class Lease:
    """Held until `until`; `fence` is larger than that of every earlier holder."""

    name: str
    holder: str
    until: datetime
    fence: int


def this_process(part: str = "") -> str:
    """A name of this process that no later one has: machine, process id, its start, and a part within it."""
    return f"{socket.gethostname()[:60]}/{os.getpid()}/{psutil.Process().create_time():.2f}/{part}"[:120]


def take_lease(session: Session, name: str, holder: str, now: datetime, length: timedelta) -> Lease | None:
    """Take or renew the lease in the caller's transaction; None while somebody else holds it."""
    row = session.get(LeaseRow, name, with_for_update=True, populate_existing=True)
    until = now + length
    if row is None:
        return _first(session, name, holder, until)
    ours = row.holder == holder and row.until > now
    if not ours and row.until > now and not _gone(row.holder):
        return None
    fence = row.fence if ours else row.fence + 1
    taken = session.execute(
        update(LeaseRow)
        .where(LeaseRow.name == name, LeaseRow.fence == row.fence, or_(LeaseRow.holder == row.holder, LeaseRow.until <= now))
        .values(holder=holder, until=until, fence=fence)
    )
    assert isinstance(taken, CursorResult)
    return Lease(name, holder, until, fence) if taken.rowcount == 1 else None


def _first(session: Session, name: str, holder: str, until: datetime) -> Lease | None:
    try:
        with session.begin_nested():
            session.add(LeaseRow(name=name, holder=holder, until=until, fence=1))
    except IntegrityError:
        return None
    return Lease(name, holder, until, 1)


def release_lease(session: Session, lease: Lease, now: datetime) -> None:
    """Give the lease back; nothing happens when somebody else has it by now."""
    session.execute(update(LeaseRow).where(LeaseRow.name == lease.name, LeaseRow.fence == lease.fence).values(until=now))


def held(session: Session, lease: Lease, now: datetime) -> bool:
    """Whether the lease is still ours."""
    row = session.scalar(select(LeaseRow).where(LeaseRow.name == lease.name))
    return row is not None and row.fence == lease.fence and row.until > now


def _gone(holder: str) -> bool:
    """Whether the holder was a process of this machine that no longer runs; of other machines nothing is known."""
    machine, pid, started, *_ = [*holder.split("/"), "", "", ""]
    if machine != socket.gethostname()[:60] or not pid.isdigit():
        return False
    try:
        process = psutil.Process(int(pid))
        return f"{process.create_time():.2f}" != started or process.status() == psutil.STATUS_ZOMBIE
    except psutil.Error:
        return True
