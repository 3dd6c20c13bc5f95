"""The wall between who complains and the side complained about: words by which an author shows who they are are taken out."""

import re

from understanding.names import find_names

HIDDEN = "（住户信息不公开）"
# Emergencies in which the company may itself be the danger, or which are nobody's business but the helpers': its side sees none.
NOT_FOR_COMPANY = frozenset({"crime", "self_harm"})
# Complaints whose matter is the place: of these the building stays, of all others only the estate.
ABOUT_A_PLACE = frozenset({"illegal_construction", "occupying_common", "fire_lane", "environment", "greening", "nuisance"})

_PART = r"(?:号楼|号院|栋|幢|座|单元|楼(?![道上下梯])|层|室|号|户)"
_COUNTED = r"(?:天|年|个|月|元|块|平|㎡|度|%|小时|分|次|户|人|点|周|米)"
_ROOM = rf"(?<!\d)\d{{3,4}}(?!\d|{_COUNTED})"
_COUNT = r"(?:\d{1,4}|[一二三四五六七八九十]{1,4})"
_DOOR = (
    rf"(?:{_COUNT}{_PART}|\d{{1,4}}[-#]\d{{1,4}}(?:[-#]\d{{1,4}})?|{_ROOM})"
    rf"(?:[-#\s]?(?:{_COUNT}{_PART}|\d{{3,4}}(?!\d|{_COUNTED}))){{0,4}}"
)
_FEW = "[^，。；！？,.;!?\\n上下隔对邻]{0,8}?"  # a few words of the same sentence, but not “楼上”, “隔壁”, “对门”: those are others
_ESTATE = "[^，。；！？,.;!?\\n]{1,20}?(?:小区|家园|花园|[苑里城府院庭园区市街路号])"
_GAP = rf"(?:{_ESTATE}|{_FEW})"
_ME = "(?:我们?|俺们?|咱们?|本人)"
_STOP = r"(?=$|[^\u4e00-\u9fff]|我|要|想|投诉|反映|举报|电话|手机|微信|来电|报修|住|说)"
_SURNAME = (
    "(?:欧阳|上官|司马|诸葛|皇甫|慕容|[王李张刘陈杨赵黄周吴徐孙胡朱郭何罗宋郑谢韩唐冯董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范"
    "姚谭廖邹熊陆郝孔崔康毛邱秦江史顾侯邵孟龙段雷钱汤尹黎武乔贺赖龚庞樊殷施陶翟颜倪严牛温季俞章鲁葛韦尤毕聂焦柳邢岳齐莫庄辛祝左涂谷祁舒耿牟卜苗凌]"
    "|[马林梁于万高石方白金付文](?![路上本来元]))"
)
_NAME = rf"{_SURNAME}[\u4e00-\u9fff]{{1,2}}?{_STOP}"
_TITLED = rf"{_SURNAME}[\u4e00-\u9fff]{{0,2}}(?:阿姨|叔叔|叔|大爷|大妈|大娘|奶奶|爷爷|先生|女士|大姐|大哥|姐|哥|婶|嫂)"
_WHO = rf"(?:{_TITLED}|{_NAME})"
_ROLE = "(?:业主|住户|租户|户主|居民|租客)"
_NUMBER = r"[\d一二三四五六七八九零〇幺][\d一二三四五六七八九零〇幺\s-]{6,}"
_KIN = "(?:爸妈|父母|爸|妈|爹|娘|奶奶|爷爷|姥姥|姥爷|公婆|婆婆|公公|岳母|岳父|老人|儿子|闺女|女儿)"

_AUTHOR = tuple(
    re.compile(pattern)
    for pattern in (
        # 我是和平小区3号楼2单元502的张伟 · 我是502的业主 · 作为3号楼的住户
        rf"(?:{_ME}(?:就|也)?是|作为|身为){_GAP}{_DOOR}的?{_ROLE}?(?:[，,]?(?:我?(?:叫|姓|是))?{_WHO})?",
        # 我家3号楼2单元502 · 我住5楼 · 我妈住3号楼 · 我的房子在502 · 房号3-2-502 · 地址：…
        rf"(?:{_ME}的?(?:家|房子|房|屋)|{_ME}(?:都|就|也)?住|本人|家住|家在|{_ME}{_KIN}家?(?:就|也)?(?:住|在)?)[，,]?{_GAP}{_DOOR}",
        rf"(?:房号|门牌号?|房间号|楼号|(?:家庭)?(?:住址|地址))[是为:：\s]{{0,2}}{_GAP}{_DOOR}",
        rf"{_ME}(?:是|就|都|也)?在{_GAP}{_DOOR}(?:居住|住|租房|租住|的?{_ROLE})",
        rf"(?:^|(?<=[，。；！？,.;!?\s]))(?:现)?住在?{_GAP}{_DOOR}(?!的[那人住租邻老小])",
        rf"{_ME}这?(?:{_COUNT}(?:号楼|栋|幢|座|号院|单元|楼)){{0,3}}[-#]?(?:{_ROOM}室?|{_COUNT}(?:室|户(?!人|业|都)))",
        # 3号楼2单元502业主张伟 · 502，张伟 · 业主张伟 · 投诉人：张伟
        rf"(?:[\u4e00-\u9fff]{{2,8}}(?:小区|家园|花园|苑))?{_DOOR}的?(?:{_ROLE}(?:是|叫|[:：])?|[，,、\s]|的)\s?{_WHO}",
        rf"(?:{_ROLE}|(?:投诉|举报|反映|报告|来电|联系|申请)人|姓名)(?:是|叫|为|[:：\s])*{_WHO}",
        # 我叫李建国 · 我姓王 · 我是张伟 · 我是和平小区的张伟 · 本人张伟 · 联系人：张大妈 · 叫我小张
        r"(?:我的?(?:名字)?(?:姓名)?(?:是)?叫|俺叫|名叫|本人(?:姓名|叫)|联系人[是:：]?|姓名[是:：]?)(?:[\u4e00-\u9fff·]{1,6}?"
        + _STOP
        + r"|[\u4e00-\u9fff]{1,3})",
        r"(?:(?:我|俺|免贵|本人)姓|(?<![她他的保板理百业物不贵])姓)[\u4e00-\u9fff]{1,3}?(?=$|[^\u4e00-\u9fff]|叫|名|的|我|要|想|投)(?:[，,]?(?:名|叫)[\u4e00-\u9fff]{1,3})?",
        rf"{_ME}(?:就)?是(?:[^，。；！？,.;!?\n]{{1,20}}?的)?(?:老住户|老业主|{_ROLE})?{_WHO}",
        rf"{_ME}是[^，。；！？,.;!?\n]{{0,20}}(?:小区|家园|花园|苑)的(?!老?{_ROLE})[\u4e00-\u9fff·]{{2,8}}(?=$|[^\u4e00-\u9fff])",
        rf"(?:本人|鄙人|我叫?|叫我|找我)[，,]?(?:[小老阿]{_SURNAME}(?![\u4e00-\u9fff])|{_WHO})",
        # 张伟，13947200003 · 13947200003 张先生
        rf"{_WHO}[，,、:：\s（(]{{0,3}}(?:的?(?:电话|手机|联系方式|联系电话|手机号)[是为:：\s]{{0,2}})?{_NUMBER}",
        rf"{_NUMBER}[，,、:：\s（(]{{0,3}}(?:{_SURNAME}[\u4e00-\u9fff]{{1,2}}?(?=$|[^\u4e00-\u9fff])|{_TITLED})",
        r"(?:微信号?|QQ号?|qq号?)[是:：\s]{0,3}[A-Za-z0-9_-]{5,20}",
    )
)
_STAFF = re.compile(r"(?:经理|主任|书记|队长|会计|师傅|老板|工)$")  # 王经理 is whom the complaint is about, unless they say “我是王经理”
_PLAIN = str.maketrans("，。；！？：、", ",.;!?:,")
_LAST = re.compile(rf"(?:^|[的叫是主户人，,、:：\s\d])({_SURNAME}[\u4e00-\u9fff]{{1,2}})$")
_REPEATED = re.compile(rf"{HIDDEN}(?:[，,、的\s]*{HIDDEN})+")
_STARS = re.compile(r"[\dXx]*\*{2,}[\dXx*\s-]*")


def hide_author(text: str, names: tuple[str, ...] = ()) -> str:
    """`text` without the author's own door, name and messenger number, and without `names` wherever they stand.

    Places spoken of as someone else's stay.
    """
    for pattern in _AUTHOR:
        text = pattern.sub(HIDDEN, text)
    for name in names:
        text = text.replace(name, HIDDEN)
    return _REPEATED.sub(HIDDEN, text)


def names_said(*texts: str | None) -> tuple[str, ...]:
    """The people named in these texts, the longest first; a surname alone is too short to look for, staff by their title stay."""
    said = [text for text in texts if text]
    found = {name for text in said for name in find_names(text.translate(_PLAIN))}
    found |= {name[1] for text in said for pattern in _AUTHOR for match in pattern.finditer(text) if (name := _LAST.search(match[0]))}
    return tuple(sorted((name for name in found if len(name) > 1 and not _STAFF.search(name)), key=lambda name: (-len(name), name)))


def without_stars(masked: str) -> str:
    """A masked text without what masking leaves of a number: its last digits are enough for who has the owners' list."""
    return _STARS.sub(HIDDEN, masked)


def shown_place(category: str, building: str | None) -> str | None:
    """The building of a complaint as the side complained about may know it."""
    return building if category in ABOUT_A_PLACE else None
