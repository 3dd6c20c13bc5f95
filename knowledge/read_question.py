"""What a question asks for: the kind of fact, the year, the property form, the region it names, and whether it follows an earlier one."""

import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

_CUES: dict[str, Any] = yaml.safe_load((Path(__file__).resolve().parent / "cues.yaml").read_text(encoding="utf-8"))
FORMS: dict[str, tuple[str, ...]] = {form: tuple(words) for form, words in _CUES["forms"].items()}
_TYPES = {name: re.compile("|".join(parts)) for name, parts in _CUES["types"].items()}
_UNITS = {name: (re.compile("|".join(u["asks"])), re.compile("|".join(u["gives"]))) for name, u in _CUES["units"].items()}
_FILLER = re.compile(
    r"^(?:(?:您好|你好|喂|哎|诶|那个|请问|问一下|问下|想问|我想问|我问|麻烦问|麻烦|打听|咨询|帮我查查?|你说|我说|大爷|大姐|师傅|同志)"
    r"(?:一下|一句|下|个事)?[，,。!！~]*)+"
)
_SENTENCE = re.compile(r"[^。！？!?；;]+[？?]?")
_LONG, _SAYS_ENOUGH = 30, 10  # characters of a text with a story in it, and of a sentence that can be searched for alone
_LEANING = 10  # characters: a longer text with a question of its own stands alone
_COMPARING = re.compile("|".join(_CUES["comparing"]))
_YEAR = re.compile(r"(?<!\d)(20[0-4]\d)(?=年|底|[^\d]|$)|(?<!\d)([0-4]\d)年(?!限|以|来|前|后)")
_FOLLOWING = re.compile(
    r"^(?:那么|那|哦|还有|要是|如果是|换成)?(?P<what>.{1,18}?)(?:又|也)?(?:呢|咋样|怎么样|也一样吗|一样吗|也是吗|如何)?[?？。！!]*$"
)
_SKELETON = re.compile(r"(归|由|该|要|得|能|有|多|几|谁|哪|怎|咋|啥|什么|如何|是否|可不可以|应).{0,40}$")
_OF_A_PLAN = re.compile(
    r"^(?:20\d\d年?)?(?:的|那个|那次|那年|那时候?|当年的?|当时的?|原来的?|以前的?)*(?:提升年)?"
    r"(?:活动|方案|文件|通知|考核)?(?:里头|里|中|规定)*[的，,]?"
)

# The rule before the present one (以前的文件, 老规定, 上一版); what only tells of old days (以前物业天天扫) asks for the present one.
_FORMER_RULE = re.compile(
    r"(?:以前|过去|原来|原先|先前|从前|早先|之前|老的?|旧的?|上一?版|前一?版|去年|[换改]之?前|没[换改]|修订前|作废|废止|失效|被[代替取]+)"
    r".{0,6}(?:文件|方案|规定|办法|通知|标准|要求|版|政策|条款)|旧规|上一?版|前一?版|"
    r"^(?:以前|过去|原先|从前|先前)(?!的?物业).*(?:多久|多长|几|多少|怎么|咋|啥|什么|谁)"
)
_NAMING_FORMER = re.compile(
    r"^(?:那个|那|咱们?)?(?:上一?版|前一?版|旧版|老版|旧规|老规定|旧规定)(?:的)?(?:里头|里|中)?(?:是?[怎咋]么?(?:规定|说|要求))?的?[，,]?"
)
_PRESENT_RULE = re.compile(r"现在|如今|目前|眼下|新的?(?:规|版|文件|方案|标准|办法|政策)")

UNIT_NAMES = tuple(sorted(_UNITS))


def units_asked(question: str) -> tuple[str, ...]:
    """The units a question asks for."""
    return tuple(name for name, (asks, _) in _UNITS.items() if asks.search(question))


def units_given(text: str) -> frozenset[str]:
    """The units in which a text gives something."""
    return frozenset(name for name, (_, gives) in _UNITS.items() if gives.search(text))


@dataclass(frozen=True)
class Asked:
    """A question read. `types` in the order of the cue list (empty: a plain statement); `text` is what is searched for."""

    text: str
    types: tuple[str, ...]
    years: tuple[int, ...] = ()
    forms: tuple[str, ...] = ()
    compares: bool = False
    follows: bool = False
    units: tuple[str, ...] = ()
    former: bool = False  # asks for the rule before the present one


def _clean(text: str) -> str:
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text))


def years_in(text: str) -> tuple[int, ...]:
    """The years a text names (2027年, 27年), each once."""
    found = [int(m[1]) if m[1] else 2000 + int(m[2]) for m in _YEAR.finditer(_clean(text))]
    return tuple(dict.fromkeys(y for y in found if 2010 <= y <= 2040))


def forms_in(text: str) -> tuple[str, ...]:
    """The property forms a text names."""
    return tuple(form for form, words in FORMS.items() if any(word in text for word in words))


def types_of(text: str) -> tuple[str, ...]:
    """The kinds of fact a question asks for."""
    return tuple(name for name, pattern in _TYPES.items() if pattern.search(text)) or ("none",)


def _without_year(text: str) -> str:
    return _YEAR.sub("", text).replace("年底", "底")


def _joined(what: str, earlier: str) -> str:
    """The earlier question with its year, its property form or its matter exchanged for what the follow-up names."""
    years, forms = years_in(what), forms_in(what)
    if years:
        return f"{years[0]}年{_without_year(earlier).lstrip('年')}"
    if forms:
        kept = earlier
        for words in FORMS.values():
            for word in words:
                kept = kept.replace(word, "")
        return f"{FORMS[forms[0]][0]}{kept}"
    skeleton = _SKELETON.search(earlier)
    if types_of(what) != ("none",):
        return f"{earlier[: skeleton.start()] if skeleton and skeleton.start() > 1 else earlier}{what}"
    return f"{what}{skeleton[0] if skeleton else earlier}"


def _about(clean: str) -> str:
    """The question without a plan named at its beginning (2018年那个活动…), so that the search is for the matter alone."""
    named = _OF_A_PLAN.match(clean)
    old = named and re.search(r"活动|方案|文件|通知|考核|那|当|原来|以前", named[0])
    return clean[named.end() :] if named and old and len(clean) - named.end() >= 5 else clean


def read_question(text: str, earlier: str | None = None) -> Asked:
    """Read a question; with `earlier`, a short follow-up (那2027年呢) is completed from the question before it."""
    clean = _clean(text)
    follows = False
    if earlier and (found := _FOLLOWING.match(clean)) and _is_following(clean, found["what"]):
        clean, follows = _joined(found["what"], _clean(earlier)), True
    compares = bool(_COMPARING.search(clean))
    about = _about(_FILLER.sub("", clean) or clean)
    types, years, forms, units = types_of(clean), years_in(clean), forms_in(clean), units_asked(clean)
    about = _NAMING_FORMER.sub("", about) or about
    former = bool(_FORMER_RULE.search(clean)) and not _PRESENT_RULE.search(clean)
    return Asked(about, types, years, forms, compares, follows, units, former)


def asking_sentence(text: str) -> str:
    """The last sentence that asks, of a text of several; empty when the text is short or is one sentence."""
    parts = [part for part in _SENTENCE.findall(text) if part]
    asking = [part for part in parts if types_of(part) != ("none",) and len(part) >= _SAYS_ENOUGH]
    return asking[-1] if len(parts) > 1 and len(text) >= _LONG and asking else ""


def _is_following(clean: str, what: str) -> bool:
    """Whether a short text leans on the question before it: it ends in 呢 or begins with 那, or is a bare year or form."""
    leans = bool(re.search(r"呢[?？]?$", clean)) or clean.startswith(("那", "换成", "要是"))
    bare = bool(years_in(what) or forms_in(what)) and len(what) <= 10
    asks_itself = types_of(what) != ("none",) and len(what) > (_LEANING if clean.startswith("那") else _LEANING - 2)
    return len(clean) <= 20 and (leans or bare) and not asks_itself
