"""`python -m knowledge.measure_new_version`: a new version of 东河区's plan takes the old one's place; what is answered as before.

The new version is the old text with another number, date and one changed deadline, imported and confirmed as an operator would. Asked are
lay questions of 东河区's plan and the autonomous region's, once of the old library and once of the new.
"""

import random
import sys
import tempfile
from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path

from knowledge.answer_question import Answerer
from knowledge.encoder import load_encoder
from knowledge.finding import Answered, Finding, Question
from knowledge.import_file import read_bytes
from knowledge.import_plan import make_draft
from knowledge.imported import Corrected, confirm, save_draft
from knowledge.index import Index
from knowledge.library import FOLDER, Library, load_library
from knowledge.live import LiveLibrary
from storage.database import Database
from storage.migrate import migrate

OLD, NOW, DAY = "donghe-2025", datetime(2026, 11, 20, tzinfo=UTC), date(2026, 11, 20)
CHANGES = (("缩短至半小时内", "缩短至20分钟内"), ("〔2025〕32号", "〔2026〕99号"), ("2025年12月25日", "2026年11月1日"))
ASKED = 700


def new_version(database: Database, library: Library) -> str:
    """Import and confirm it; its id."""
    text = (FOLDER / "plans" / f"{OLD}.txt").read_text(encoding="utf-8")
    for old, new in CHANGES:
        text = text.replace(old, new)
    draft = make_draft(read_bytes(text.encode(), "new.txt"), library.binding.regions, known=library.provisions)
    known = draft.understood
    with database.write() as session:
        name = save_draft(session, draft, library, "measure", NOW)
    fields = Corrected(known.title, known.doc_number, known.issuer, "donghe", known.issued, known.starts, known.ends, "in_force", (OLD,))
    with database.write() as session:
        confirm(session, name, fields, library, "measure", NOW, DAY)
    return name


def first_of(found: Finding) -> tuple[str, str] | None:
    """Plan and clause of the first statement; None when nothing was answered."""
    return (found.statements[0].citation.plan, found.statements[0].citation.clause) if isinstance(found, Answered) else None


def judged(new: tuple[str, str] | None, wanted: tuple[str, str]) -> str:
    """How the first clause now said stands to the one wanted."""
    if new is None:
        return "没答"
    return "同一条" if new == wanted else "答旧版" if new[0] == OLD else "别的条"


def main() -> int:
    """Print how many questions of each plan have the same first clause as before, the new version standing for the old."""
    data = FOLDER.parent / "var"
    library, encoder = load_library(FOLDER), load_encoder(data / "encoder")
    index = Index(library, encoder, data / "index")
    questions = [(q, p) for plan in (OLD, "nmg-2026") for p in library.by_plan[plan] for q in p.questions]
    random.Random(5).shuffle(questions)
    counts: Counter[tuple[str, str]] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'linda.db'}"
        migrate(url)
        live = LiveLibrary(Database(url), library, encoder, index, Path(folder))
        name = new_version(Database(url), library)
        before, after = Answerer(library, encoder, index=index), live.answerer(DAY)
        for text, p in questions[:ASKED]:
            question = Question(text, "donghe", p.property_form)
            old, new = first_of(before.answer(question, DAY)), first_of(after.answer(question, DAY))
            if old:
                wanted = (name if old[0] == OLD else old[0], old[1])
                counts[
                    old[0], "同一条" if new == wanted else "答旧版" if new and new[0] == OLD else "没答" if new is None else "别的条"
                ] += 1
        live.close()
    for (plan, kind), count in sorted(counts.items()):
        print(f"{plan} {kind} {count}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
