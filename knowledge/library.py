"""The library: every plan cut into clauses, its sound provisions, the known gaps, and who is bound by what."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from knowledge.authors import Asked, read_authors
from knowledge.binding import Binding, Region
from knowledge.gaps import Gap, read_gaps
from knowledge.plan import Plan, PlanIdentity
from knowledge.provisions import Fault, Provision, read_provisions
from knowledge.read_plan import read_plan
from knowledge.split_clauses import clauses_of, split_clauses

FOLDER = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Library:
    """Everything that may be answered from. `faults` are data entries left out because the text does not bear them."""

    plans: Mapping[str, Plan]
    provisions: tuple[Provision, ...]
    binding: Binding
    gaps: tuple[Gap, ...] = ()
    faults: tuple[Fault, ...] = field(default=(), compare=False)

    @cached_property
    def by_key(self) -> Mapping[str, Provision]:
        """The provisions by <plan>/<id>."""
        return {p.key: p for p in self.provisions}

    @cached_property
    def by_plan(self) -> Mapping[str, tuple[Provision, ...]]:
        """The provisions of each plan, in file order."""
        found: dict[str, list[Provision]] = {plan: [] for plan in self.plans}
        for p in self.provisions:
            found.setdefault(p.plan, []).append(p)
        return {plan: tuple(mine) for plan, mine in found.items()}

    def identity(self, plan: str) -> PlanIdentity:
        """Who a plan is, without reading its text. KeyError when there is none."""
        return self.plans[plan].identity

    def elsewhere(self, region: str | None, own: tuple[str, ...]) -> tuple[str, ...]:
        """The plans that do not bind a resident of the region and may still be named to him as another region's."""
        return tuple(p for p in self.plans if p not in own)


def _identity(entry: dict[str, Any]) -> PlanIdentity:
    period = entry["period"]
    return PlanIdentity(
        entry["id"], entry["title"], entry["doc_number"], entry["issuer"], entry["issued"], period["from"], period["until"],
        entry["region"], entry["status"], entry.get("followed_by"),
    )  # fmt: skip


def _plan(entry: dict[str, Any], folder: Path) -> Plan:
    raw = (folder / "plans" / entry["file"]).read_text(encoding="utf-8")
    lines = read_plan(raw, tuple(entry.get("furniture", ())))
    blocks = split_clauses(lines, entry.get("unnumbered"), entry.get("closing"))
    return Plan(_identity(entry), tuple(blocks), clauses_of(blocks))


def load_library(folder: Path = FOLDER, *, authors: bool = True) -> Library:
    """The library of a folder laid out like knowledge/ (plans.yaml, plans/, provisions/, gaps.yaml, questions/).

    Without `authors` the questions of questions/ are left out, so that they can be asked as a stranger's (for fitting)."""
    data = yaml.safe_load((folder / "plans.yaml").read_text(encoding="utf-8"))
    regions = {r["id"]: Region(r["id"], r["name"], r["level"], r["parent"], tuple(r["says"])) for r in data["regions"]}
    binding = Binding(regions, {region: tuple(plans) for region, plans in data["binding"].items()})
    plans = {entry["id"]: _plan(entry, folder) for entry in data["plans"]}
    provisions: list[Provision] = []
    faults: list[Fault] = []
    for plan in plans.values():
        file = folder / "provisions" / f"{plan.id}.yaml"
        if file.is_file():
            sound, wrong = read_provisions(file, plan)
            provisions += sound
            faults += wrong
    gaps = read_gaps(folder / "gaps.yaml")
    asked = read_authors(folder / "questions", provisions, gaps) if authors else Asked()
    said = tuple(asked.beside_provisions(provisions))
    return Library(plans, said, binding, asked.beside_gaps(gaps), (*faults, *asked.faults))
