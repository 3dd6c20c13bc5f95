"""Who may do what in the console: one table of roles, one of routes. What stands in neither is denied."""

from dataclasses import dataclass
from typing import Literal

Role = Literal["operator", "supervisor", "observer", "admin"]
ROLES: tuple[str, ...] = ("operator", "supervisor", "observer", "admin")
ROLE_NAMES = {"operator": "值班员", "supervisor": "主管", "observer": "观察员", "admin": "管理员"}
SIDES: tuple[str, ...] = ("company", "street", "county")
SIDE_NAMES = {"company": "物业企业", "street": "街道社区", "county": "主管部门"}

# open: anybody, signed: any operator who is signed in; the rest are permissions of ROLE_MAY.
OPEN, SIGNED = "open", "signed"
ROLE_MAY: dict[str, frozenset[str]] = {
    "operator": frozenset({"read", "work", "converse", "contact", "plans", "duties"}),
    "supervisor": frozenset(
        {"read", "work", "converse", "contact", "plans", "duties", "invite", "take_over", "review", "export", "shelve"}
    ),
    "observer": frozenset({"read", "plans", "duties"}),
    "admin": frozenset(
        {"read", "work", "converse", "contact", "plans", "duties", "invite", "take_over", "review", "export", "shelve",
         "operators", "keys", "audit"}
    ),
}  # fmt: skip

RULES: dict[str, str] = {
    "GET /console/static/{path:path}": OPEN,
    "GET /console/sign-in": OPEN,
    "POST /console/sign-in": OPEN,
    "POST /console/sign-out": SIGNED,
    "GET /console": SIGNED,
    "GET /console/account": SIGNED,
    "POST /console/account/password": SIGNED,
    "POST /console/account/sessions/end": SIGNED,
    "GET /console/account/chat": SIGNED,
    "POST /console/account/chat/code": SIGNED,
    "POST /console/account/chat/end": SIGNED,
    "GET /console/inbox": "read",
    "GET /console/inbox/rows": "read",
    "GET /console/events": "read",
    "GET /console/tickets/{number}": "read",
    "GET /console/tickets/{number}/live": "read",
    "GET /console/tickets/{number}/desk": "read",
    "GET /console/tickets/{number}/photos/{photo_id}": "read",
    "POST /console/tickets/{number}/claim": "work",
    "POST /console/tickets/{number}/release": "work",
    "POST /console/tickets/{number}/reply": "converse",
    "POST /console/tickets/{number}/hand-back": "converse",
    "POST /console/tickets/{number}/state": "work",
    "POST /console/tickets/{number}/statement": "work",
    "POST /console/tickets/{number}/transfer": "work",
    "POST /console/tickets/{number}/merge": "work",
    "POST /console/tickets/{number}/unmerge": "work",
    "POST /console/tickets/{number}/contact": "contact",
    "POST /console/tickets/{number}/tasks": "work",
    "POST /console/tickets/{number}/tasks/{task_id}": "work",
    "POST /console/tickets/{number}/cause": "work",
    "GET /console/tickets/{number}/proofs/{proof_id}": "read",
    "GET /console/incidents": "read",
    "POST /console/incidents/open": "work",
    "POST /console/incidents/{number}/end": "work",
    "GET /console/callbacks": "work",
    "POST /console/callbacks/{callback_id}": "work",
    "GET /console/surveys": "read",
    "POST /console/surveys/start": "work",
    "GET /console/reports": "read",
    "GET /console/reports/agenda.docx": "export",
    "POST /console/export": "export",
    "GET /console/review": "review",
    "POST /console/review/verdict": "review",
    "GET /console/review/export.yml": "review",
    "GET /console/review/answer": "shelve",
    "POST /console/review/attach": "shelve",
    "POST /console/review/write": "shelve",
    "POST /console/review/answers/{answer_id}/revoke": "shelve",
    "GET /console/plans": "plans",
    "GET /console/plans/drafts/{plan_id}": "shelve",
    "POST /console/plans/drafts/{plan_id}/confirm": "shelve",
    "POST /console/plans/drafts/{plan_id}/discard": "shelve",
    "POST /console/plans/{plan_id}/end": "shelve",
    "GET /console/committee": "duties",
    "POST /console/committee/invite": "invite",
    "POST /console/committee/members/{member_id}/end": "invite",
    "GET /console/checklist": "duties",
    "POST /console/checklist": "work",
    "GET /console/operators": "operators",
    "POST /console/operators/add": "operators",
    "POST /console/operators/{operator_id}/disable": "operators",
    "POST /console/operators/{operator_id}/enable": "operators",
    "POST /console/operators/{operator_id}/password": "operators",
    "POST /console/operators/{operator_id}/sessions/end": "operators",
    "GET /console/keys": "keys",
    "POST /console/keys/make": "keys",
    "POST /console/keys/{key_id}/revoke": "keys",
    "GET /console/audit": "audit",
}


@dataclass(frozen=True)
class Viewer:
    """The operator behind a request. `regions` holds the ids he may see with all below them, `communities` the estates' names
    (empty: all of those regions); `all_regions` is for administrators without a list."""

    operator_id: int
    login: str
    name: str
    role: str
    side: str
    regions: frozenset[str]
    communities: frozenset[str]
    all_regions: bool
    csrf: str
    session: str

    @property
    def actor(self) -> str:
        """How the audit trail names him."""
        return f"operator:{self.login}"

    def may(self, permission: str) -> bool:
        """Whether his role has this permission; an unknown one is denied."""
        return permission in ROLE_MAY.get(self.role, frozenset())

    def walled(self, kind: str) -> bool:
        """Whether this kind of ticket is behind the complainant firewall for him (contract 7)."""
        return self.side == "company" and kind not in {"repair", "emergency"}
