"""Questions about a document itself (还算数吗, 到哪年为止, 文号多少, 哪天发的): answered from its confirmed identity, before finding.

Cautious on purpose: a question is taken only when, but for the document it names, its question words and fillers, nothing is left of it.
"""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from knowledge.cite import cite
from knowledge.finding import Citation, NotCovered, OfPlan, Question
from knowledge.library import Library
from knowledge.plan import Plan, PlanIdentity, squeezed

_WHEN = "(?:哪一?天|哪一?年|哪个月|几月几号|几号|什么时[候间]|啥时[候间]|何时|几时|多会儿|多咱)"
_WHO = "(?:哪个部门|哪个单位|哪一?级|哪家|哪里|哪儿|哪|谁|什么单位|什么部门|啥单位)"
_GIVEN = "(?:印发|下发|颁布|发布|公布|出台|发文|发|出|下)"
_ASKS = tuple(
    (name, re.compile(pattern))
    for name, pattern in (
        ("number", "(?:发文字|文)号(?:是|叫)?(?:多少|什么|啥|几号|几)?|(?:多少|几|哪个|第几)号文件?"),
        ("starts", f"(?:是?从)?{_WHEN}(?:开始|起)*(?:施行|实施|执行|生效|起效)"),
        ("issued", f"{_WHEN}{_GIVEN}|{_GIVEN}(?:的?日期|的?时间)(?:是?{_WHEN})?"),
        ("issuer", f"{_WHO}(?:给)?(?:{_GIVEN}|制定|定|起草)|发文(?:机关|单位)(?:是{_WHO})?"),
        ("until", f"(?:管|执行|实施|有效|施行|搞|干|弄)?到{_WHEN}(?:为止|结束|到期|截止|完)?|{_WHEN}(?:到期|结束|截止|期满|失效|作废|过期)"
                  f"|(?:有效期|实施期|期限)(?:是|有|到)?(?:多久|多长|几年|{_WHEN})?"),
        ("standing", "算不算数|管不管用|作不作数|有没有效|还?(?:算数|有效|管用|顶用|作数|生效|能用|在执行|有用)|(?:是不是|有没有)?(?:已经)?"
                     "(?:过期|失效|作废|废止|到期|期满|过时|生效)(?:没有?)?|是(?:不是)?正式文件|正式(?:印发|发)(?:没有?)?"),
    )
)  # fmt: skip
# Whether it is settled may be asked in any words: nothing but a document is settled or still open to opinions.
_SETTLED = re.compile(
    "(?:定下来|正式(?:定|发|印|的|出台|文件))[^。？?]{0,16}(?:还是|没有|吗|没|了没|真的假的)"
    "|(?:还是|还在|光是|只是)[^。？?]{0,8}(?:提|听|征求|收)[^。？?]{0,6}(?:意见|建议|说)|(?:征求意见|草)稿?(?:吗|还是)"
)
_PAPER = re.compile("方案|文件|稿子|那份|这份|本本")
_NUMBER = re.compile(
    r"(?:[一-龥]{1,3}政办?[发函规]?)?(?:[〔（]?(?P<year>20\d\d)?年?[〕）]?第?(?P<number>\d{1,4})号(?:文件|文|通知|方案)|〔(?P<y>20\d\d)〕(?P<n>\d{1,4})号)"
)
_YEAR = re.compile(r"(?<!\d)(20[0-4]\d)年?(?:[—\-–~到至](20[0-4]\d)年?)?(?!\d)")
_NOUN = re.compile(
    "三年行动方案|三年行动计划|三年行动|行动方案|活动方案|实施方案|工作方案|行动计划|提升年活动|提升年|征求意见稿|政策文件|红头文件"
    "|方案|文件|行动|政策"
)
_HINTS = ("三年行动", "行动方案", "活动方案", "实施方案", "提升年", "征求意见稿")
_TITLE = ("物业服务质量", "物业管理服务质量", "持续提升", "质量提升", "物业服务", "物业", "住宅小区", "突出问题整治", "整治")
_FILLER = re.compile(
    "您好|你好|麻烦|给个准的|告诉我|帮我|查查|报一下|请问|问一下|问下|想问|那个|这个|那份|这份|那|这|份|个|咱们?|我们|你们|它|区里|旗里|县里|市里|上面|政府|那会儿|当年|原来|以前|老|新|"
    "现在|如今|到底|究竟|一下|已经|还|的|是|从|在|里|上|吗|呢|么|啊|呀|吧|嘛|了|没|有|都|就|又"
)
_PUNCTUATION = re.compile(r"[^\w〔〕]+")


@dataclass(frozen=True)
class AboutPlan:
    """A question about a document: what it asks, and by what it names it (all empty when it only implies one)."""

    asks: str
    number: str | None
    years: tuple[int, ...]
    hints: tuple[str, ...]
    region: str | None
    names: bool
    own: bool  # names the asker's own county (区里, 旗里)
    points: bool  # without naming it, plainly means the document spoken of (那是哪天发的)


def read_about(text: str, named_regions: Callable[[str], list[tuple[str, str]]]) -> AboutPlan | None:
    """The question as one about a document, or None. `named_regions` gives the regions a text names as (word, id)."""
    left = unicodedata.normalize("NFKC", text).replace(" ", "")
    left = left.translate(str.maketrans("[]()", "〔〕（）"))
    number = _NUMBER.search(left)
    left = _NUMBER.sub("|", left, count=1) if number else left
    if _SETTLED.search(left) and _PAPER.search(left):
        regions = named_regions(left)
        years = tuple(int(y) for m in _YEAR.finditer(left) for y in m.groups() if y)
        own = bool(re.search("[区旗县]里|[咱我]们?[区旗县]", left))
        if regions or own or re.search("整治|提升|行动", left):
            return AboutPlan("standing", None, years, (), regions[-1][1] if regions else None, True, own, True)
    asks = next(((name, found) for name, pattern in _ASKS if (found := pattern.search(left))), None)
    if asks is None:
        return None
    hints = tuple(h for h in _HINTS if h in left)
    left = f"{left[: asks[1].start()]}|{left[asks[1].end() :]}"
    noun = _NOUN.search(left)
    years = tuple(int(y) for m in _YEAR.finditer(left) for y in m.groups() if y)
    regions = named_regions(left)
    for word, _ in sorted(regions, key=lambda r: -len(r[0])):
        left = left.replace(word, "|")
    for pattern in (_NOUN, _YEAR, re.compile("|".join(_TITLE)), _FILLER, _PUNCTUATION):
        left = pattern.sub("", left)
    if left:
        return None
    points = asks[0] in ("number", "standing") or bool(re.search("[这那它]|的[?？。]*$", text))
    said = (number["year"] or number["y"], number["number"] or number["n"]) if number else (None, None)
    years = (*years, int(said[0])) if said[0] else years
    region = regions[-1][1] if regions else None
    names, own = bool(number or noun or asks[0] == "number"), bool(re.search("[区旗县]里", text))
    return AboutPlan(asks[0], said[1], years, hints, region, names, own, points)


class PlanDesk:
    """Answers questions about documents from one library."""

    def __init__(self, library: Library) -> None:
        self._library = library
        known = library.binding.regions.values()
        self._places = [(word, r.id) for r in known for word in dict.fromkeys((r.name, *r.says))]

    def answer(self, question: Question, day: date | None) -> OfPlan | NotCovered | None:
        """Who the document asked about is; None when the question is not about a document, NotCovered for a number nobody has."""
        about = read_about(question.text, lambda text: [(word, region) for word, region in self._places if word in text])
        earlier = (question.earlier_provision or "").rpartition("/")[0]
        if about is None or not (about.names or (earlier and about.points)):
            return None
        chosen = self._chosen(about, question.region, earlier)
        if chosen is None:
            return NotCovered("nothing", 1.0) if about.number else None
        return self._said(about, chosen, question.region, day)

    def _chosen(self, about: AboutPlan, region: str | None, earlier: str) -> PlanIdentity | None:
        """The document meant: by its number, else by what names it, else the one spoken of, else the most special that binds."""
        own = [p for p in self._library.binding.plans_for(region) if p in self._library.plans]
        every = [self._library.identity(p) for p in dict.fromkeys((*own, *self._library.plans))]
        if about.number:
            return next((i for i in every if _numbered(i, about)), None)
        place = about.region or (region if about.own else None)
        if not (about.years or about.hints or place) and earlier in self._library.plans:
            return self._library.identity(earlier)
        tests: list[Callable[[PlanIdentity], bool]] = []
        if place:
            tests.append(lambda i: i.region == place)
        if about.years:
            tests.append(lambda i: all(str(y) in f"{i.title}{i.doc_number}{i.issued}" for y in about.years))
        tests += [lambda i, h=hint: i.status == "draft" if h == "征求意见稿" else h in squeezed(i.title) for hint in about.hints]  # type: ignore[misc]
        line = own or ([] if region else [i.id for i in every])
        pool = every if about.region or about.years or "征求意见稿" in about.hints else [i for i in every if i.id in line]
        for passes in tests:
            narrowed = [i for i in pool if passes(i)]
            if not narrowed and passes is tests[0] and (about.region or about.years):
                return None
            pool = narrowed or pool
        return pool[0] if pool else None

    def _said(self, about: AboutPlan, who: PlanIdentity, region: str | None, day: date | None) -> OfPlan:
        library = self._library
        follower = library.identity(who.followed_by).title if who.followed_by and who.followed_by in library.plans else None
        binds = library.binding.binds(who.id, region)
        citation = _stated(library.plans[who.id], about.asks, binding=binds, day=day)
        return OfPlan(
            about.asks, who.id, who.title, who.doc_number, who.issuer, who.issued, who.starts, who.ends, who.standing_on(day), binds,
            follower, citation,
        )  # fmt: skip


def _numbered(identity: PlanIdentity, about: AboutPlan) -> bool:
    number = squeezed(identity.doc_number or "")
    return bool(re.search(rf"(?<!\d){about.number}号$", number)) and all(str(y) in number for y in about.years)


def _stated(plan: Plan, asks: str, *, binding: bool, day: date | None) -> Citation | None:
    """The run of the text that states what is asked; None when none does."""
    for run in _runs(plan, asks, day):
        clause = _clause_of(plan, run)
        if clause is not None:
            return cite(plan, clause, plan.whole_sentence(run, 120), binding=binding, day=day)
    return None


def _runs(plan: Plan, asks: str, day: date | None) -> list[str]:
    """Runs of the plan's text that may state it, best first."""
    who, patterns = plan.identity, list[str]()
    if asks == "number" and who.doc_number:
        patterns = [re.escape(squeezed(who.doc_number))]
    elif asks == "issuer":
        patterns = [re.escape(squeezed(who.issuer))]
    elif asks == "issued" and who.issued:
        patterns = [f"{who.issued.year}年{who.issued.month}月{who.issued.day}日印?发?"]
    elif asks == "starts" and who.starts:
        patterns = ["[^。]{0,20}自[^。]{1,16}(?:施行|实施|起执行)", f"{who.starts.year}年{who.starts.month}月{who.starts.day}日"]
    elif asks == "standing" and who.standing_on(day) == "draft":
        patterns = ["征求意见稿"]
    elif asks in ("until", "standing") and who.ends:
        end = who.ends
        month = f"{end.year}年{end.month}月"
        span = rf"[（(]20\d\d年?[—\-–]{end.year}年?[）)]"
        patterns = ["有效期[^。；]{0,20}", span, f"(?:至|到){month}", month, "利?用三年时间", f"(?:至|到){end.year}年"]
    return [found[0] for pattern in patterns if (found := re.search(pattern, plan.plain))]


def _clause_of(plan: Plan, run: str) -> str | None:
    """The clause in whose text a run begins."""
    start, end = plan.run(run)
    at = 0
    for block in plan.blocks:
        at += sum(len(squeezed(p)) for p in block.paragraphs)
        if start < at and end > start:
            return block.clause
    return None
