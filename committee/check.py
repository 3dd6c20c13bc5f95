"""`python -m committee.check`: every fault of knowledge/procedures at once, each as `file:line: what`; exit 1 when there is one."""

import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from pydantic import ValidationError

from committee.instruments import FOLDER, NATION, Instruments, read_instruments
from committee.procedure_file import ReadProcedure, SourceEntry, procedure_paths, read_procedure_file
from committee.short_answers import FILE, ShortAnswerEntry, patterns_of, read_short_answers
from config.region_file import Fault, line_of
from config.regions import regions
from config.yaml_text import compose_yaml, read_yaml

Where = tuple[str | int, ...]
AtPlace = Callable[[Where, str], Fault]


def check_procedures(folder: Path = FOLDER) -> list[Fault]:
    """All faults of the procedures of a folder, sorted; empty when everything holds."""
    files = [read_procedure_file(path) for path in procedure_paths(folder)]
    faults = [fault for file in files for fault in file.faults]
    instruments = read_instruments(folder)
    duties = _duty_ids(folder)
    plans = {plan: squeezed(text) for plan, text in _plan_texts(folder).items()}
    seen: dict[str, str] = {}
    for file in files:
        if file.procedure is None:
            continue
        faults.extend(_identity(file, seen))
        faults.extend(_regions(file))
        for where, source in _sources(file):
            faults.extend(_source(file.fault, where, source, instruments, plans))
        faults.extend(_duties(file, duties))
        faults.extend(_patterns(file))
    faults.extend(_events(folder, files))
    faults.extend(_short_answers(folder, files, instruments, plans))
    return sorted(faults)


def squeezed(text: str) -> str:
    """The text without white space, as quotes are compared."""
    return re.sub(r"\s", "", text)


def _identity(file: ReadProcedure, seen: dict[str, str]) -> Iterator[Fault]:
    procedure = file.procedure
    assert procedure is not None
    if file.path.stem != procedure.id:
        yield file.fault(("id",), f"文件名应是 {procedure.id}.yaml")
    if procedure.id in seen:
        yield file.fault(("id",), f"{procedure.id} 已用于 {seen[procedure.id]}")
    seen[procedure.id] = file.path.name
    numbers = [step.n for step in procedure.steps]
    if numbers != list(range(1, len(numbers) + 1)):
        yield file.fault(("steps",), f"步骤要从 1 起连续编号，现在是 {numbers}")


def _regions(file: ReadProcedure) -> Iterator[Fault]:
    procedure = file.procedure
    assert procedure is not None
    named: list[tuple[Where, tuple[str, ...]]] = [(("scope",), procedure.scope)]
    named += [(("cautions", i, "regions"), note.regions) for i, note in enumerate(procedure.cautions)]
    named += [(("notes", i, "regions"), note.regions) for i, note in enumerate(procedure.notes)]
    for i, step in enumerate(procedure.steps):
        named.append((("steps", i, "regions"), step.regions))
        named += [(("steps", i, "local", j, "region"), (local.region,)) for j, local in enumerate(step.local)]
        if step.deadline:
            named.append((("steps", i, "deadline"), step.deadline.regions))
    for where, names in named:
        for name in names:
            if name != NATION and name not in regions():
                yield file.fault(where, f"没有地区 {name}")


def _sources(file: ReadProcedure) -> Iterator[tuple[Where, SourceEntry]]:
    procedure = file.procedure
    assert procedure is not None
    for i, step in enumerate(procedure.steps):
        for j, source in enumerate(step.sources):
            yield ("steps", i, "sources", j), source
        for j, local in enumerate(step.local):
            yield ("steps", i, "local", j, "source"), local.source
    for i, note in enumerate(procedure.cautions):
        if note.source:
            yield ("cautions", i, "source"), note.source
    for i, note in enumerate(procedure.notes):
        if note.source:
            yield ("notes", i, "source"), note.source


def _source(fault: AtPlace, where: Where, source: SourceEntry, instruments: Instruments, plans: dict[str, str]) -> Iterator[Fault]:
    known = instruments.known.get(source.instrument)
    if known is None or known.kind != ("law" if source.law else "plan"):
        yield fault(where, f"instruments.yaml 里没有 {source.instrument}")
        return
    if known.kind == "plan":
        if source.quote and squeezed(source.quote) not in plans.get(known.id, ""):
            yield fault(where, f"引文不在 {known.id} 原文里：{source.quote}")
        return
    if not known.has_text:
        if source.quote:
            yield fault(where, f"{known.id} 没有逐字文本，不能写 quote")
        return
    article = instruments.articles.get(known.id, {}).get(source.article or "")
    if article is None:
        yield fault(where, f"laws.yaml 里没有 {known.id} {source.article}")
    elif source.quote and squeezed(source.quote) not in squeezed(article):
        yield fault(where, f"引文不在 {known.id} {source.article}里：{source.quote}")


def _duties(file: ReadProcedure, duties: set[str]) -> Iterator[Fault]:
    procedure = file.procedure
    assert procedure is not None
    for i, step in enumerate(procedure.steps):
        for duty in (*step.duties, *(d for local in step.local for d in local.duties)):
            if duty not in duties:
                yield file.fault(("steps", i, "duties"), f"duties.yaml 里没有 {duty}")
    for i, note in enumerate((*procedure.cautions, *procedure.notes)):
        for duty in note.duties:
            if duty not in duties:
                yield file.fault(("cautions", i), f"duties.yaml 里没有 {duty}")


def _patterns(file: ReadProcedure) -> Iterator[Fault]:
    procedure = file.procedure
    assert procedure is not None
    written: list[tuple[Where, tuple[str, ...]]] = [(("words",), procedure.words), (("not_words",), procedure.not_words)]
    written += [(("steps", i, "stage", "words"), step.stage.words) for i, step in enumerate(procedure.steps) if step.stage]
    for where, patterns in written:
        for i, pattern in enumerate(patterns):
            try:
                re.compile(pattern)
            except re.error as error:
                yield file.fault((*where, i), f"正则写错了：{error}")


def _events(folder: Path, files: list[ReadProcedure]) -> Iterator[Fault]:
    """events.yaml: every event a deadline hangs on can be said, and every pattern is one."""
    path = folder / "events.yaml"
    text = path.read_text(encoding="utf-8")
    root, events = compose_yaml(text), read_yaml(text)["events"]
    for event, patterns in events.items():
        for i, pattern in enumerate(patterns):
            try:
                re.compile(pattern)
            except re.error as error:
                yield Fault(path.name, line_of(root, ("events", event, i)), f"正则写错了：{error}")
    for file in files:
        for i, step in enumerate(file.procedure.steps if file.procedure else ()):
            event = step.deadline.event if step.deadline else None
            if event and event not in events:
                yield file.fault(("steps", i, "deadline"), f"events.yaml 里没有 {event} 的说法")


def _short_answers(folder: Path, files: list[ReadProcedure], instruments: Instruments, plans: dict[str, str]) -> Iterator[Fault]:
    """short_answers.yaml: its form, its patterns, its sources, and the duties and steps it names."""
    path = folder / FILE
    if not path.is_file():
        return
    root = compose_yaml(path.read_text(encoding="utf-8"))

    def fault(where: Where, what: str) -> Fault:
        return Fault(path.name, line_of(root, ("answers", *where)), what)

    try:
        entries = read_short_answers(folder)
    except ValidationError as error:
        yield from (fault(wrong["loc"], wrong["msg"]) for wrong in error.errors())
        return
    steps = {file.procedure.id: {step.n for step in file.procedure.steps} for file in files if file.procedure}
    duties = _duty_ids(folder)
    for i, name, j, pattern in patterns_of(entries):
        try:
            re.compile(pattern)
        except re.error as error:
            yield fault((i, name, j), f"正则写错了：{error}")
    for i, entry in enumerate(entries):
        for j, source in enumerate(entry.sources):
            yield from _source(fault, (i, "sources", j), source, instruments, plans)
        yield from _leads(fault, i, entry, steps, duties)


def _leads(fault: AtPlace, i: int, entry: ShortAnswerEntry, steps: dict[str, set[int]], duties: set[str]) -> Iterator[Fault]:
    yield from (fault((i, "duties"), f"duties.yaml 里没有 {duty}") for duty in entry.duties if duty not in duties)
    if entry.procedure is not None and entry.procedure not in steps:
        yield fault((i, "procedure"), f"没有办事步骤 {entry.procedure}")
    elif entry.step is not None and entry.step not in steps[str(entry.procedure)]:
        yield fault((i, "step"), f"{entry.procedure} 没有第 {entry.step} 步")


def _duty_ids(folder: Path) -> set[str]:
    path = folder / "duties.yaml"
    if not path.is_file():
        return set()
    return {str(entry["id"]) for entry in read_yaml(path.read_text(encoding="utf-8"))["duties"]}


def _plan_texts(folder: Path) -> dict[str, str]:
    return {path.stem: path.read_text(encoding="utf-8") for path in sorted((folder.parent / "plans").glob("*.txt"))}


def counted(folder: Path = FOLDER) -> str:
    """How much there is of everything, as docs/committee.md states it."""
    steps = [step for path in procedure_paths(folder) if (file := read_procedure_file(path).procedure) for step in file.steps]
    duties = read_yaml((folder / "duties.yaml").read_text(encoding="utf-8"))["duties"]
    voting = read_yaml((folder / "voting.yaml").read_text(encoding="utf-8"))
    answers = read_short_answers(folder)
    unsure = (
        sum(not step.verified for step in steps),
        sum(not duty["verified"] for duty in duties),
        sum(bool(one.unsure) for one in answers),
    )
    return (
        f"办事步骤 {len(procedure_paths(folder))} 项 {len(steps)} 步（{unsure[0]} 步没有核实），"
        f"义务 {len(duties)} 条（{unsure[1]} 条没有核实），"
        f"表决 {len(voting['matters'])} 类事项、{len(voting['counting'])} 条认定、{len(voting['superseded'])} 条旧口径、"
        f"{len(voting['period_counting'])} 条期间计算，一句话的回答 {len(answers)} 个（{unsure[2]} 个有待核实的部分）"
    )


def main() -> int:
    """Print what is wrong, or that nothing is and how much there is."""
    faults = check_procedures()
    for fault in faults:
        print(fault)
    if faults:
        print(f"{len(faults)} 处要改")
        return 1
    print("knowledge/procedures：没有问题")
    print(counted())
    return 0


if __name__ == "__main__":
    sys.exit(main())
