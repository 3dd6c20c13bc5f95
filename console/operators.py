"""The operators' accounts: the first administrator, new ones, disabled ones, new passwords."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from config.refusal import Refused
from config.regions import regions as known_regions
from console.access import ROLES, SIDES
from console.look import look_at
from console.passwords import check_new_password, fits, hash_password, random_password
from console.sessions import end_sessions
from storage.audit import record
from storage.database import Database
from storage.models import OperatorRow

LOGIN = re.compile(r"[a-z0-9][a-z0-9._-]{1,39}")
FIRST_LOGIN = "admin"
LONGEST_COMMUNITY = 80


@dataclass(frozen=True)
class NewOperator:
    """An account to be made: `regions` are region ids, `communities` estates' names (empty: all of the regions)."""

    login: str
    name: str
    role: str
    regions: tuple[str, ...]
    communities: tuple[str, ...]
    side: str


def ensure_admin(database: Database, now: datetime) -> str | None:
    """Make the first administrator (`admin`) when there is none yet and give back his password, told this once; else None."""
    with look_at(database) as session:
        if _admins(session, enabled=False):
            return None
    try:
        with database.write() as session:
            if _admins(session, enabled=False):
                return None
            return _insert(session, NewOperator(FIRST_LOGIN, "管理员", "admin", (), (), "county"), "system", now)
    except IntegrityError:  # another process was first
        return None


def add_operator(  # noqa: PLR0913 - the fields of an account, as `linda operators add` gives them
    database: Database,
    login: str,
    name: str,
    role: str,
    regions: Sequence[str],
    communities: Sequence[str],
    side: str,
    now: datetime,
    actor: str = "system",
) -> str:
    """Make an account and give back its random password. Refused for a bad or taken login, an unknown role, side or region."""
    new = NewOperator(login.strip().lower(), name.strip(), role, tuple(regions), tuple(c.strip() for c in communities if c.strip()), side)
    _check(new)
    taken = Refused(f"登录名 {new.login} 已经有人用了", "换一个登录名", status=409, code="login_taken")
    try:
        with database.write() as session:
            if session.scalar(select(OperatorRow.id).where(OperatorRow.login == new.login)) is not None:
                raise taken
            return _insert(session, new, actor, now)
    except IntegrityError as error:
        raise taken from error


def _check(new: NewOperator) -> None:
    if not LOGIN.fullmatch(new.login):
        raise Refused("登录名不合规定", "用 2–40 个小写字母、数字、点、横线，字母或数字开头", code="bad_login")
    if not 1 <= len(new.name) <= 60 or any(ord(c) < 32 for c in new.name):
        raise Refused("姓名要 1–60 个字", "填写值班员的姓名", code="bad_name")
    if new.role not in ROLES or new.side not in SIDES:
        raise Refused("没有这种角色或所属方", f"角色：{'、'.join(ROLES)}；所属方：{'、'.join(SIDES)}", code="bad_role")
    unknown = [r for r in new.regions if r not in known_regions()]
    if unknown:
        raise Refused(f"没有地区 {'、'.join(unknown)[:80]}", f"可选：{'、'.join(known_regions())}", code="unknown_region")
    if not new.regions and new.role != "admin":
        raise Refused("没有选地区，这个账号什么也看不到", "至少选一个地区", code="no_region")
    if any(len(c) > LONGEST_COMMUNITY for c in new.communities):
        raise Refused("小区名太长", f"每个不超过 {LONGEST_COMMUNITY} 个字", code="bad_community")
    if new.side == "company" and new.role != "operator":
        raise Refused("物业企业的账号只能是值班员", "角色选“值班员”，或把所属方改为街道社区、主管部门", code="bad_role")


def _insert(session: Session, new: NewOperator, actor: str, now: datetime) -> str:
    password = random_password()
    row = OperatorRow(
        login=new.login,
        name=new.name,
        password_hash=hash_password(password),
        role=new.role,
        side=new.side,
        regions=list(new.regions),
        communities=list(new.communities),
        created_at=now,
    )
    session.add(row)
    session.flush()
    record(session, actor, "operator_added", f"operator:{row.id}", {"login": row.login, "role": row.role, "side": row.side}, now)
    return password


def _admins(session: Session, *, enabled: bool) -> int:
    query = select(func.count()).select_from(OperatorRow).where(OperatorRow.role == "admin")
    return session.scalar(query.where(OperatorRow.disabled_at.is_(None)) if enabled else query) or 0


def all_operators(session: Session) -> list[OperatorRow]:
    """Every account, those in use first, then by login."""
    return sorted(session.scalars(select(OperatorRow)), key=lambda row: (row.disabled_at is not None, row.login))


def _find(session: Session, operator_id: int) -> OperatorRow:
    row = session.get(OperatorRow, operator_id, with_for_update=True)
    if row is None:
        raise Refused("没有这个账号", "刷新页面再试", status=404, code="no_operator")
    return row


def disable_operator(session: Session, operator_id: int, by: tuple[int, str], now: datetime) -> None:
    """End an account and all its sessions. `by` is (operator id, actor). Refused for oneself and for the last administrator."""
    row = _find(session, operator_id)
    if row.id == by[0]:
        raise Refused("不能停用自己的账号", "请另一位管理员来停用", status=409, code="own_account")
    if row.disabled_at is not None:
        return
    if row.role == "admin" and _admins(session, enabled=True) <= 1:
        raise Refused("这是最后一个管理员", "先再设一位管理员", status=409, code="last_admin")
    row.disabled_at = now
    ended = end_sessions(session, row.id, now)
    record(session, by[1], "operator_disabled", f"operator:{row.id}", {"sessions_ended": ended}, now)


def enable_operator(session: Session, operator_id: int, actor: str, now: datetime) -> None:
    """Let a disabled account work again; a lock after wrong passwords is lifted as well."""
    row = _find(session, operator_id)
    row.disabled_at, row.locked_until, row.failed = None, None, 0
    record(session, actor, "operator_enabled", f"operator:{row.id}", {}, now)


def reset_password(session: Session, operator_id: int, actor: str, now: datetime) -> tuple[str, str]:
    """(login, new random password), told this once; every session of the account ends and a lock is lifted."""
    row = _find(session, operator_id)
    password = random_password()
    row.password_hash = hash_password(password)
    row.failed, row.locked_until = 0, None
    ended = end_sessions(session, row.id, now)
    record(session, actor, "password_reset", f"operator:{row.id}", {"sessions_ended": ended}, now)
    return row.login, password


def change_own_password(session: Session, operator_id: int, passwords: tuple[str, str], keep: str, now: datetime) -> None:
    """Change one's own password from `passwords[0]` to `passwords[1]`; all sessions but `keep` (a hash) end.

    Refused when the old one is wrong (it counts as a wrong sign-in only by costing a hash) or the new one too weak.
    """
    row = _find(session, operator_id)
    old, new = passwords
    if not fits(row.password_hash, old):
        raise Refused("原密码不对", "再输一遍；忘了就请管理员重置", status=403, code="wrong_password")
    check_new_password(new, row.login)
    row.password_hash = hash_password(new)
    ended = end_sessions(session, row.id, now, but=keep)
    record(session, f"operator:{row.login}", "password_changed", f"operator:{row.id}", {"sessions_ended": ended}, now)
