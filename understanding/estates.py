"""Names of housing estates: against a region's own list, forgiving wrong characters of the same sound and short forms, else by form."""

import re
from collections.abc import Sequence
from functools import lru_cache

SUFFIX = (
    "住宅小区|小区|小镇|花城|家属院|家属区|大院|公寓|新村|花园|花苑|家园|嘉园|佳园|庄园|嘉苑|佳苑|雅苑|名苑|馨苑|公馆|华府|名府|学府|首府|府邸|豪庭|华庭|名邸|名都|国际城|新城|山庄|雅居|广场|大厦|湾|苑|府|里|院"
)
_SUFFIX_END = re.compile(rf"(?:{SUFFIX})$")
_PHASE = r"(?:[一二三四五六七八九十0-9]{1,2}期)?(?:[A-Z东南西北中一二三四五六七八九1-9]区)?"
_SAME_AFTER = re.compile(rf"(?:小区)?{_PHASE}")
_GENERIC = re.compile(
    r"([\u4e00-\u9fff]{1,8}?)(小区|家属院|家属区|公寓|新村|花园|花苑|家园|嘉园|佳园|庄园|嘉苑|佳苑|雅苑|名苑|馨苑|公馆|华府|名府|首府|府邸|豪庭|华庭|名邸|国际城|新城|山庄|雅居|苑)"
    rf"(?:小区)?{_PHASE}(?![\u4e00-\u9fff]?(?:区政府))"
)
_LANE = re.compile(
    rf"([\u4e00-\u9fff]{{2,6}}(?:[里湾府城]|广场|大院|小镇))(?=小区|[0-9一二三四五六七八九十]+(?:号楼|栋|幢|#|期)|[A-Z]区?[0-9]|[A-Z]区)({_PHASE})"
)
_YARD = re.compile(r"(?<![0-9一二三四五六七八九十第])([0-9]{1,3}|[一二三四五六七八九十]{1,3})号院")
# Everything up to the last of these is not part of the name.
_LEAD = re.compile(
    r".*(?:我们|我家|我是|我住|你们|咱们|他们|它们|人家|县(?!城)|和(?![平谐顺美悦睦])|那个|这个|一个|哪个|名字|名称|名是|应该|刚才|现在|"
    r"[我你咱他在住是叫的到从去来这那跟与于了有进出给把被对改成写们哪路街道巷旗市说,:换为找问帮替])"
)
# Where nothing is left so (前进小区, 红旗小区), only what surely stands before a name is dropped.
_SURE_LEAD = re.compile(r".*(?:住在|[我你咱他们家住在是叫的这那个哪些,:])")
_OTHER_NAME = "新老东西南北大小上下中前后"  # 新阳光小区 is another estate than 阳光小区
_DISTRICT = re.compile(r"^[\u4e00-\u9fff]{1,3}区(?=[\u4e00-\u9fff]{2})")
_NO_NAME = re.compile(
    r"^(?:[老旧新本全整某每各大小好]|个|整个|三无|老旧|单体|隔壁|别的|其他|其它|旁边|对面|附近|智慧|文明|封闭|开放|什么|甚么|啥|高档|居民|住宅|安置|回迁|商品|"
    r"中心|后|前|屋顶|空中|街心|口袋|青年|单身|人才|多少|好多|哪些|同一|有的|一些|许多|一栋|自己|外面|里面|老家|绿色|无物业|无人|电梯|骑手友好|花园|老破|破|这种|那种|咱|俺|俺们|不|没|出|进|回)$"
)


class Estates:
    """The estates of one region."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = tuple(dict.fromkeys(name for name in names if name))
        self._short: list[tuple[str, str]] = []
        self._sounds: list[tuple[str, str]] = []
        for name in self._names:
            core = _SUFFIX_END.sub("", name)
            if core != name and len(core) >= 2:
                self._short.append((core, name))
            self._sounds += [(sound_of(form), name) for form in {name, core} if len(form) >= 3]
        self._short.sort(key=lambda pair: -len(pair[0]))
        self._sounds.sort(key=lambda pair: -len(pair[0]))

    def find(self, text: str, said: str | None = None) -> str | None:
        """The listed name that the text says, or None. `said`: what looks like a name in it; only the same name, or one that sounds the
        same, is taken for it, never a similar one."""
        for name in sorted(self._names, key=len, reverse=True):
            if name in text and not (said and name in said and _is_another(said, name)):
                return name
        return self._named(said) if said else self._short_form(text) or self._same_sound(text)

    def _named(self, said: str) -> str | None:
        heard = sound_of(said.removesuffix("小区"))
        return next((name for name in self._names if sound_of(name.removesuffix("小区")) == heard), None)

    def _short_form(self, text: str) -> str | None:
        for core, name in self._short:
            at = text.find(core)
            if at >= 0 and (len(core) >= 3 or _stands_as_name(text, at, at + len(core))):
                return name
        return None

    def _same_sound(self, text: str) -> str | None:
        if not self._sounds or len(text) > 200:
            return None
        heard = sound_of(text)
        return next((name for sound, name in self._sounds if sound in heard), None)


def _is_another(said: str, name: str) -> bool:
    """Whether what is said only holds a listed name as a part (和平里小区 and 和平, 新阳光小区 and 阳光小区)."""
    before, _, after = said.partition(name)
    return not _SAME_AFTER.fullmatch(after) or (len(before) == 1 and before in _OTHER_NAME)


def phase_of(text: str, community: str) -> str:
    """The phase and block said after a listed name (二期A区), which that name itself does not hold; may be empty."""
    match = re.search(re.escape(community) + rf"(?:小区)?({_PHASE})", text)
    return match[1] if match else ""


_AFTER_NAME = re.compile(
    r"(?:小区|[一二三四五六七八九十0-9A-Z]+(?:期|号楼|栋|幢|座|#|-)|[东南西北][区门]|的?$|的[,\s]|,|那边|这边|里[头面])"
)
_BEFORE_NAME = re.compile(r"(?:^|[住在是叫到从,\s]|我们|咱们?|我家|[路街区县旗市])$")


def _stands_as_name(text: str, start: int, end: int) -> bool:
    """Two characters such as 阳光 are a name only where a name would stand (not in 阳光房)."""
    return bool(_AFTER_NAME.match(text, end)) and bool(_BEFORE_NAME.search(text[max(0, start - 3) : start]))


def sound_of(text: str) -> str:
    """Syllables without tones, each closed by a blank; n/l, in/ing and zh/z are told apart no more (people dictate)."""
    from pypinyin import lazy_pinyin

    heard = "".join(f"{_blur(syllable)} " for syllable in lazy_pinyin(text))
    return f" {heard}"


def _blur(syllable: str) -> str:
    syllable = re.sub(r"^([zcs])h", r"\1", syllable)
    return re.sub(r"(?<=[aei])ng$", "n", syllable)


@lru_cache(maxsize=64)
def _estates(names: tuple[str, ...]) -> Estates:
    return Estates(names)


def find_community(text: str, communities: Sequence[str]) -> str | None:
    """The estate said: a listed name where one fits, else what looks like a name (阳光家园, 幸福里小区, 8号院), else None."""
    said = _by_form(text)
    listed = _estates(tuple(communities)).find(text, said) if communities else None
    return listed or said


def _by_form(text: str) -> str | None:
    yard = _YARD.search(text)
    for match in _LANE.finditer(text):
        name = _trimmed(match[1])
        if name and len(name) >= 3 and not re.search(r"[家屋梯道院库楼店区厅房井间车锅箱地房]里$|[天政官]府$", name):
            return name + ("小区" if text.startswith("小区", match.end()) else match[2])
    for match in _GENERIC.finditer(text):
        name = _trimmed(match[1])
        if name and len(name) >= 2 and not _NO_NAME.match(name):
            return name + match[0][len(match[1]) :]
    if yard:
        from understanding.numerals import numeral

        return f"{numeral(yard[1])}号院"
    return None


def _trimmed(name: str) -> str:
    kept = _DISTRICT.sub("", _LEAD.sub("", name))
    return kept if len(kept) >= 2 else _SURE_LEAD.sub("", name)
