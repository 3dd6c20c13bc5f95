"""`linda bench knowledge`: the library grown to thousands of plans; how fast, how large, how quick the answers, with rank_bm25 beside it.

The added plans are variations of the folder's five: another county's name, other numbers. They go the whole way of an import (clauses,
provisions, database, segment); counties copy one another's wording, so the encoder sees each wording once, here as in life.
"""

import random
import re
import statistics
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import psutil
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from config.settings import PROJECT, Settings
from knowledge.binding import Binding, Region
from knowledge.encoder import load_encoder
from knowledge.finding import Answered, Question
from knowledge.import_plan import blocks_as_rows, cut
from knowledge.import_provisions import provisions_of
from knowledge.imported import raise_version
from knowledge.index import Index
from knowledge.library import Library, load_library
from knowledge.live import LiveLibrary
from knowledge.plan import Plan, PlanIdentity
from knowledge.read_plan import read_plan
from knowledge.segment import gram_keys
from knowledge.texts import passage_text
from storage.database import Database
from storage.migrate import migrate
from storage.plan_rows import ImportedPlanRow

SIZES = (5, 100, 1000, 10_000)
DAY, NOW = date(2026, 11, 20), datetime(2026, 11, 20, tzinfo=UTC)
_ASKED, _ASKED_BM25, _BATCH, _COUNTIES_A_LEAGUE = 200, 8, 50, 20
_SYLLABLES = "安白昌达东丰甘海和嘉康兰龙明南平青瑞沙泰乌西新阳远泽镇洲卓伦"
_NUMBER = re.compile(r"(?<![\d年〔\[（(.])\d{1,3}(?![\d年月日〕\].号、．])")
_PLACES = re.compile("内蒙古自治区|伊金霍洛旗|包头市|东河区|民乐县|鄂尔多斯市|自治区|全区|全旗|全县")
out = Console()


@dataclass
class Measured:
    """The figures of one size; times in ms unless named otherwise."""

    plans: int
    provisions: int
    index_s: float
    memory_mb: float
    disk_mb: float
    times: list[float]
    answered: float
    bm25_s: float
    bm25_mb: float
    bm25_times: list[float]


def county(number: int) -> Region:
    """A county that is not there, under a league that is not there, in Inner Mongolia."""
    a, b, c = number % 32, number // 32 % 32, number // 1024
    name = f"{_SYLLABLES[a % len(_SYLLABLES)]}{_SYLLABLES[b % len(_SYLLABLES)]}{_SYLLABLES[c % len(_SYLLABLES)]}旗"
    return Region(f"c{number}", f"{name}", "county", f"l{number // _COUNTIES_A_LEAGUE}", (f"{name}{number}",))


def world(library: Library, counties: int) -> Library:
    """The folder's library with so many more counties."""
    leagues = {f"l{n}": Region(f"l{n}", f"{n}号盟", "league", "nmg", (f"{n}号盟",)) for n in range(counties // _COUNTIES_A_LEAGUE + 1)}
    more = {r.id: r for r in map(county, range(counties))}
    return replace(library, binding=Binding({**library.binding.regions, **leagues, **more}, library.binding.order))


def varied(lines: list[str], region: Region, rng: random.Random) -> list[str]:
    """A plan's lines as that county might have written them: its own name, other numbers."""
    text = _PLACES.sub(region.name, "\n".join(lines))
    return _NUMBER.sub(lambda n: str(max(1, int(n[0]) + rng.randint(-3, 9))), text).split("\n")


def synthetic(library: Library, numbers: range) -> Iterator[ImportedPlanRow]:
    """Confirmed plans of synthetic counties, each cut and read as an import is."""
    sources = [read_plan((PROJECT / "knowledge" / "plans" / f"{p}.txt").read_text(encoding="utf-8")) for p in library.plans]
    for number in numbers:
        region, rng = library.binding.regions[f"c{number}"], random.Random(number)
        blocks, clauses = cut(varied(sources[number % len(sources)], region, rng))
        title = f"{region.name}物业服务提升方案"
        identity = PlanIdentity(f"c{number}-2026", title, None, region.name, DAY, DAY, None, region.id, "in_force")
        plan = Plan(identity, tuple(blocks), clauses)
        yield ImportedPlanRow(
            id=plan.id, kind="plan", state="confirmed", title=identity.title, doc_number=None, issuer=region.name, region=region.id,
            issued=DAY, starts=date(2026, 1, 1), ends=None, standing="in_force", replaces=[], file_name="-", file_sha256=f"{number:064d}",
            said={}, text="-", furniture=[], doubts=[], body=blocks_as_rows(plan),
            provisions=[p.model_dump(mode="json", exclude={"plan"}) for p in provisions_of(plan)], imported_by="bench", imported_at=NOW,
            confirmed_by="bench", confirmed_at=NOW,
        )  # fmt: skip


class Growing:
    """One library that grows from size to size, and the same texts in rank_bm25."""

    def __init__(self, settings: Settings, folder: Path, most: int) -> None:
        base = load_library(PROJECT / "knowledge")
        self.encoder = load_encoder(settings.encoder_dir)
        index = Index(base, self.encoder, settings.data_dir / "index")
        self.library, self.folder, self.added, self.counted = world(base, most), folder, 0, 0
        url = f"sqlite:///{folder / 'linda.db'}"
        migrate(url)
        self.database = Database(url)
        self.live = LiveLibrary(self.database, self.library, self.encoder, index, folder)
        self.base_provisions = sum(len(provisions) for provisions in base.by_plan.values())
        self.questions = [q for p in base.provisions for q in p.questions]
        self.bags = [self._bags(plan, base.by_plan[plan.id]) for plan in base.plans.values()]

    @staticmethod
    def _bags(plan: Plan, provisions: object) -> list[list[int]]:
        keys, rows = gram_keys([passage_text(plan, p) for p in provisions])  # type: ignore[attr-defined]
        order = np.argsort(rows, kind="stable")
        return [part.tolist() for part in np.split(keys[order], np.searchsorted(rows[order], np.arange(1, rows.max() + 1)))]

    def grow(self, plans: int, say: Progress) -> float:
        """Add plans up to a size; seconds it took."""
        began = time.perf_counter()
        task = say.add_task(f"{plans} 份", total=max(plans - 5 - self.added, 1))
        for start in range(self.added, plans - 5, _BATCH):
            rows = list(synthetic(self.library, range(start, min(start + _BATCH, plans - 5))))
            with self.database.write() as session:
                session.add_all(rows)
                raise_version(session)
            self.counted += sum(len(r.provisions) for r in rows)
            self.live.warm(_BATCH)
            say.advance(task, len(rows))
        self.added = max(plans - 5, 0)
        self.live.answerer(DAY)
        say.update(task, completed=max(plans, 1))
        return time.perf_counter() - began

    def ask(self, seed: int) -> tuple[list[float], float]:
        """Times of answering residents of counties drawn at random (ms), and the share that was answered."""
        rng = random.Random(seed)
        answerer = self.live.answerer(DAY)
        regions = [f"c{n}" for n in range(self.added)] or ["donghe", "ejinhoro", "minle", "nmg"]
        times, answered = [], 0
        for number in range(_ASKED + 10):
            question = Question(rng.choice(self.questions), rng.choice(regions), "market")
            began = time.perf_counter()
            found = answerer.answer(question, DAY)
            if number >= 10:
                times.append((time.perf_counter() - began) * 1000)
                answered += isinstance(found, Answered)
        return times, answered / _ASKED

    def bm25(self, seed: int) -> tuple[float, float, list[float]]:
        """rank_bm25 over every provision of every plan: seconds to build, MB, times of scoring (ms)."""
        from rank_bm25 import BM25Okapi

        before, began = rss_mb(), time.perf_counter()
        found = BM25Okapi(self._corpus())
        built, size = time.perf_counter() - began, rss_mb() - before
        rng, times = random.Random(seed), []
        for _ in range(_ASKED_BM25):
            asked = gram_keys([rng.choice(self.questions)])[0].tolist()
            began = time.perf_counter()
            found.get_top_n(asked, range(found.corpus_size), n=24)
            times.append((time.perf_counter() - began) * 1000)
        return built, size, times

    def _corpus(self) -> Iterator[list[int]]:
        for bags in self.bags:
            yield from bags
        for number in range(self.added):
            yield from self.bags[number % len(self.bags)][: self._length(number)]

    def _length(self, number: int) -> int:
        return len(self.bags[number % len(self.bags)])


def rss_mb() -> float:
    """The memory of this process."""
    return float(psutil.Process().memory_info().rss) / 2**20


def bench_knowledge(settings: Settings, sizes: tuple[int, ...] = SIZES) -> list[Measured]:
    """Grow and measure; prints the table."""
    found: list[Measured] = []
    with tempfile.TemporaryDirectory(prefix="linda-bench-") as name, Progress(console=out, transient=True) as say:
        growing = Growing(settings, Path(name), max(sizes))
        for size in sizes:
            spent = (found[-1].index_s if found else 0.0) + growing.grow(size, say)
            times, answered = growing.ask(size)
            memory = rss_mb()
            disk = sum(f.stat().st_size for f in (Path(name) / "imported").glob("*.seg")) / 2**20
            built, large, others = growing.bm25(size)
            count = growing.base_provisions + growing.counted
            found.append(Measured(size, count, spent, memory, disk, times, answered, built, large, others))
        growing.live.close()
    show(found)
    return found


def _p(times: list[float], share: float) -> str:
    return f"{sorted(times)[min(int(len(times) * share), len(times) - 1)]:.1f}"


def show(found: list[Measured]) -> None:
    """The table."""
    ours = Table("文件", "条目", "建索引 s", "进程内存 MB", "磁盘 MB", "p50 ms", "p95 ms", "答出", title="每问换一个地区的居民")
    theirs = Table("文件", "条目", "建 s", "内存 MB", "p50 ms", "最慢 ms", title="同样的条目，rank_bm25")
    for m in found:
        size = f"{m.plans:,}", f"{m.provisions:,}"
        ours.add_row(
            *size, f"{m.index_s:.0f}", f"{m.memory_mb:.0f}", f"{m.disk_mb:.0f}", f"{statistics.median(m.times):.1f}", _p(m.times, 0.95),
            f"{m.answered:.0%}",
        )  # fmt: skip
        theirs.add_row(*size, f"{m.bm25_s:.1f}", f"{m.bm25_mb:.0f}", f"{statistics.median(m.bm25_times):.1f}", f"{max(m.bm25_times):.1f}")
    out.print(ours, theirs)
    out.print(f"每份文件平均 {found[-1].index_s * 1000 / max(found[-1].plans - 5, 1):.0f} ms（切条款、抽条目、入库、建段）")
