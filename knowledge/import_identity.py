"""What a file says of itself: title, number, issuer, dates, region, standing. Only what is written there; the operator confirms it."""

import calendar
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise
from typing import Literal

from knowledge.binding import Region
from knowledge.numbers import numbers_held
from knowledge.plan import PlanIdentity

COUNTRY = "cn"
Kind = Literal["plan", "law"]
_HEAD, _TAIL = 40, 12  # lines in which a document says who it is
_DIGIT = str.maketrans("〇零○Ｏ一二三四五六七八九", "0000123456789")
_DAY = r"(\d{4}|[〇零○Ｏ一二三四五六七八九]{4})年(\d{1,2}|[一二三四五六七八九十]{1,3})月(\d{1,2}|[一二三四五六七八九十]{1,3})日"
_NUMBER = re.compile(
    r"([\u4e00-\u9fa5]{1,12}[〔\[【（(](?:19|20)\d\d[〕\]】）)]第?\d{1,5}号)"
    r"|((?:第[\d一二三四五六七八九十百]+号)(?:公告|令)?)$"
)
_KINDS = "方案|办法|条例|规定|意见|细则|计划|规划|通知|标准|规则|准则|规范|导则|法|指引|指南|公告|决定|措施|制度|公约|规约"
_ENDS_TITLE = re.compile(rf"(?:{_KINDS})(?:[（(][^）)]{{1,20}}[）)])?(?:的通知)?$")
_INNER = re.compile(r"(?:现将|现把|印发|颁布|通过|公布|发布|转发)[^《]{0,10}《([^》]{4,90})》")
_ISSUER = re.compile(
    r"^[\u4e00-\u9fa5·、]{2,60}(?:人民政府(?:办公[厅室])?|委员会(?:办公室)?|常务委员会|领导小组(?:办公室)?|管理局|[厅局部院处]|街道办事处)$"
)
_FORCE_FROM = re.compile(rf"自{_DAY}起(?:正式)?(?:施行|实施|执行|生效|试行)")
_FORCE_AT_ONCE = re.compile(r"自(?:发布|印发|公布|发文|下发)之日起(?:(\d{1,3})[日天]后)?(?:正式)?(?:施行|实施|执行|生效|试行)")
_VALID_UNTIL = re.compile(rf"(?:有效期(?:限)?(?:截?至|到|自.{{0,16}}?至)|(?:实施|执行|施行)(?:期限)?(?:截?至|到)){_DAY}")
_VALID_FOR = re.compile(r"有效期(?:限)?为?([一二两三四五六七八九十]{1,2}|\d{1,2})年")
_SPAN = re.compile(r"(20\d\d)(?:年)?[-—－–―~～至到]+(20\d\d)年?")
_DRAFT = re.compile(r"征求意见稿|意见征集稿|公开征求意见|讨论稿|草案|送审稿")


@dataclass(frozen=True)
class Understood:
    """What was understood; None and empty where the file does not say it. `region` is a region's id, cn for the whole country."""

    kind: Kind
    title: str
    doc_number: str | None
    issuer: str
    issued: date | None
    starts: date | None
    ends: date | None
    region: str | None
    standing: Literal["in_force", "draft"]

    def identity(self, plan_id: str) -> PlanIdentity:
        """As a plan of the library."""
        return PlanIdentity(
            plan_id, self.title, self.doc_number, self.issuer, self.issued, self.starts, self.ends, self.region or "", self.standing
        )


def understand(lines: list[str], regions: Mapping[str, Region], kind: Kind | None = None) -> Understood:
    """Read the identity from a document's lines (without white space)."""
    head = _head(lines)
    text = "\n".join(lines)
    title = _title(head)
    issuer = _issuer(head, lines[-_TAIL:])
    issued = _issued(head, lines[-_TAIL:])
    starts = _starts(text, issued)
    found = Understood(
        kind or _kind(title, head), title, _doc_number(head), issuer, issued, starts, _ends(text, title, starts or issued),
        _region(f"{title}{issuer}", "".join(head), regions), "draft" if _DRAFT.search("".join(head)) else "in_force",
    )  # fmt: skip
    return replace(found, region=found.region or (COUNTRY if found.kind == "law" and _national("".join(head), issuer) else None))


def _head(lines: list[str]) -> list[str]:
    """The lines before the first clause."""
    for place, line in enumerate(lines[:_HEAD]):
        if re.match(r"^(?:一、|第一[条章])", line) and place:
            return lines[:place]
    return lines[:_HEAD]


def _title(head: list[str]) -> str:
    joined = "".join(head)
    if inner := _INNER.search(joined):
        return inner[1]
    run = ""
    for line in head[:8]:
        if re.match(r"^.{0,20}(?:文件|令)$", line) or _NUMBER.search(line) or re.fullmatch(_DAY, line):
            run = ""
            continue
        run += line
        if _ENDS_TITLE.search(run) and len(run) <= 90:
            named = re.search(r"关于(?:印发|发布|公布|转发)[《“]?(.+?)[》”]?的通知$", run)
            return named[1] if named else run
        if len(run) > 90:
            break
    return head[0][:90] if head else ""


def _kind(title: str, head: list[str]) -> Kind:
    bare = re.sub(r"[（(][^）)]*[）)]$", "", title)
    whose = re.search(r"人民代表大会|主席令|国务院令|人民政府令|建设部令", "".join(head))
    return "law" if re.search(r"(?<!办)法$|条例$", bare) or (whose and bare.endswith(("办法", "规定", "解释"))) else "plan"


def _doc_number(head: list[str]) -> str | None:
    for line in head:
        if (found := _NUMBER.search(line)) and len(line) <= 40:
            return str(found[1] or found[2])
    return None


def _signed(lines: list[str]) -> str:
    """The office that stands above a date."""
    return next((line for line, below in pairwise(lines) if _ISSUER.match(line) and re.fullmatch(_DAY, below)), "")


def _issuer(head: list[str], tail: list[str]) -> str:
    notice = re.match(r"([\u4e00-\u9fa5]{4,40}?(?:办公[厅室]|人民政府|委员会|[厅局]))关于", "".join(head))
    passed = re.search(r"([\u4e00-\u9fa5]{2,20}人民代表大会(?:常务委员会)?|国务院)", "".join(head))
    stamped = next((m for line in tail if (m := re.match(rf"^([\u4e00-\u9fa5]{{4,40}}?){_DAY}印发", line))), None)
    voted = re.sub(r"^.*日|第[一二三四五六七八九十]+届", "", passed[1]) if passed else ""
    found = _signed(head) or (notice and notice[1]) or voted or _signed(tail) or (stamped and stamped[1])
    return found or next((line for line in tail if _ISSUER.match(line)), "")


def _issued(head: list[str], tail: list[str]) -> date | None:
    for line in head:
        if found := re.fullmatch(_DAY, line):
            return _day(found)
    for line in tail:
        if found := re.search(rf"{_DAY}印发$", line) or re.fullmatch(_DAY, line):
            return _day(found)
    first = re.search(_DAY, "".join(head))
    return _day(first) if first else None


def _starts(text: str, issued: date | None) -> date | None:
    if found := _FORCE_FROM.search(text):
        return _day(found)
    if (at_once := _FORCE_AT_ONCE.search(text)) and issued:
        return issued + timedelta(days=int(at_once[1] or 0))
    return None


def _ends(text: str, title: str, starts: date | None) -> date | None:
    if found := _VALID_UNTIL.search(text):
        return _day(found)
    if (years := _VALID_FOR.search(text)) and starts:
        count = int(next(iter(numbers_held(years[1])), "0"))
        last_of_month = calendar.monthrange(starts.year + count, starts.month)[1]
        return date(starts.year + count, starts.month, min(starts.day, last_of_month)) - timedelta(days=1)
    spans = _SPAN.findall(title)
    return date(int(spans[-1][1]), 12, 31) if spans else None


def _region(own: str, head: str, regions: Mapping[str, Region]) -> str | None:
    """The region named first by the title or the issuer, the deepest when several are (包头市东河区); otherwise by the head."""
    depth = {"country": 0, "region": 1, "league": 2, "county": 3}
    for said in (own, head):
        named = [r for r in regions.values() if r.name in said] or [r for r in regions.values() if any(w in said for w in r.says)]
        if named:
            return max(named, key=lambda r: depth.get(r.level, 0)).id
    return None


def _national(head: str, issuer: str) -> bool:
    return bool(re.search(r"中华人民共和国|全国人民代表大会|国务院", head[:400] + issuer))


def _day(found: re.Match[str]) -> date | None:
    year = found[1].translate(_DIGIT)
    month, day = (one if one.isdigit() else next(iter(numbers_held(one)), "0") for one in (found[2], found[3]))
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None
