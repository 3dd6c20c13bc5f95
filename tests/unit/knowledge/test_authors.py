"""The authors' questions stand beside what they ask for; whatever they name wrongly is told with its line."""

from pathlib import Path

import numpy as np

from knowledge.authors import read_authors
from knowledge.gaps import Gap
from knowledge.library import FOLDER, Library, load_library

FILE = """# 说明
- q: 电梯隔多久有人看一回
  expect: answered
  provision: donghe-2025/elevator-monthly-check
- q: 没有条目的问法
  expect: answered
- q: 指错了的问法
  expect: answered
  provision: donghe-2025/nothing-of-the-kind
- q: 能养几只狗
  expect: not_covered
  gap: dogs
- q: 楼顶水箱几天刷一回
  expect: not_covered
- q: 指错了空白
  expect: not_covered
  gap: cats
"""


def test_questions_go_beside_their_provision_or_gap(library: Library, tmp_path: Path) -> None:
    own = library.provisions[0].model_copy(update={"plan": "donghe-2025", "id": "elevator-monthly-check", "questions": ("原有的问法",)})
    (tmp_path / "authors_x.yml").write_text(FILE, encoding="utf-8")
    asked = read_authors(tmp_path, [own], [Gap("dogs", "local_law", ("养狗有限制吗",))])
    (found,) = asked.beside_provisions([own])
    assert found.questions == ("原有的问法", "电梯隔多久有人看一回")
    dogs, tank, *_ = asked.beside_gaps([Gap("dogs", "local_law", ("养狗有限制吗",))])
    assert dogs == Gap("dogs", "local_law", ("养狗有限制吗", "能养几只狗"))
    assert tank == Gap("authors_x-4", "nothing", ("楼顶水箱几天刷一回",))


def test_all_faults_are_told_with_their_lines(library: Library, tmp_path: Path) -> None:
    (tmp_path / "authors_x.yml").write_text(FILE, encoding="utf-8")
    own = library.provisions[0].model_copy(update={"plan": "donghe-2025", "id": "elevator-monthly-check"})
    faults = read_authors(tmp_path, [own], [Gap("dogs", "local_law", ())]).faults
    assert [(f.file, f.line) for f in faults] == [("questions/authors_x.yml", 7), ("questions/authors_x.yml", 15)]


def test_the_librarys_own_files_name_what_there_is(library: Library) -> None:
    assert [str(f) for f in library.faults if f.file.startswith("questions/")] == []
    plain = load_library(authors=False)
    more = sum(len(p.questions) for p in library.provisions) - sum(len(p.questions) for p in plain.provisions)
    assert more >= 1500
    assert len(library.gaps) > len(plain.gaps)
    assert {g.id for g in plain.gaps} <= {g.id for g in library.gaps}


def test_every_entry_has_a_place_among_the_index_texts(library: Library) -> None:
    from knowledge.texts import Texts

    texts = Texts(library)
    owners = np.bincount(texts.owner, minlength=len(library.provisions) + len(library.gaps))
    assert owners.min() >= 1
    assert (FOLDER / "questions").is_dir()
