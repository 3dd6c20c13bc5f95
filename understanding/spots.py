"""The spot (部位) of a report: which lift, which lamp, which gate, which room of the flat."""

import re
from dataclasses import dataclass

from understanding.numerals import SPOKEN
from understanding.spelling import mended

ADDRESS = "\x01"  # stands for each character of building, unit and room

_N = rf"(?:[0-9]{{1,2}}|[{SPOKEN}]{{1,3}})"
_LAYER = r"(?:楼半|层半|楼(?![0-9]|栋|道|梯)|层(?![冰白灰土油皮膜雪霜水纸泥锈漆薄厚]|楼(?![道梯顶])))"
_FLOOR = rf"(?:(?:负|地下){_N}[楼层]?|{_N}{_LAYER}|[Bb][1-5](?:层)?(?![0-9-])|顶[楼层]|底[楼层])"
_FLOORS = rf"(?:从(?={_FLOOR}[到至]))?{_FLOOR}(?:(?:到|至|-|和)(?:{_FLOOR}))?|{_N}[-到至]{_N}[楼层]"
_DOOR = (
    r"(?:[东西南北中左右对][边手头]?户|中门|[左右]手?(?:边)?那[家户]|靠[东西南北][边头]?(?:的)?(?:那家|那户)?|把边(?:的)?(?:那家|"
    r"那户)?|那[户家])"
)
_SIDE = (
    r"(?:靠(?:大门|马路|路边|窗户|窗|墙|近门口)|[东西南北]{1,2}[边侧头面角](?!户)|[左右]手?边?(?=那|的|第|这)|[左右][边手侧]|[左右]手边|"
    r"前[面头边]|后[面头边身]|背后|楼头|门口|门前|旁边|边上|跟前|中间|对面|里[面头边]?|最里头|"
    r"外[面头]|底下|下面|上面|上头|楼下|楼前|楼后头?|拐角处?|拐弯处?|角落|附近|之间|顶上|墙根|山墙|入口|出口|出入口|当间儿|那嘎达|临街)"
)
_WHERE = r"(?:(?:的)?(?:那儿|那块儿?|那边|那头|那面|那排|那拐[弯角]|那条[道路]儿?|这儿|这边|地上|外头|那(?=$)|上(?=全|坐|站|有|的|了|,|$)))"
_TO = r"(?:往[东西南北左右](?:[0-9一二三四五六七八九十几来多数第]{1,4}[步米个](?:楼?门口?|单元门)?)?|出(?:电梯|门)[左右]拐)"
_WHICH = (
    r"(?:(?:的)?[那这](?:一)?[部个盏扇条根台块排段片组边头间层面]|第[一二三四五1-5][部个盏扇条根台块排]|[左右东西南北中](?:边|"
    r"手)?(?=电梯|梯)|[0-9一二三四五]号(?=电梯|梯))"
)
_NOUN = (
    r"(?:地下车库|地下停车场|地下室|停车场|车库|地库|车棚|自行车棚|电动车棚|充电棚|充电桩|电梯间|电梯口|电梯厅|电梯井|电梯|"
    r"货梯|客梯|楼道灯|声控灯|感应灯|应急灯|路灯|庭院灯|廊灯|楼梯间|楼梯口|楼梯|"
    r"楼道窗户?|楼道门(?![口])|楼道|走廊|过道|连廊|大堂|大厅|门厅|单[元源园员]门口?|单元口|防火门|安全出口|天台|楼顶|屋顶|屋面|房顶|"
    r"外墙|山墙|"
    r"[东西南北]墙根|北墙|南墙|东墙|西墙|围墙|雨棚|雨搭|管道井|水管井|电井|弱电井|水井房|配电室|配电箱|电表箱|水表井|水箱间|泵房|水泵房|"
    r"换热站|监控室|消防控制室|"
    r"消防通道|消防箱|消火栓|化粪池|污水井|雨水井|井盖|下水井|雨水篦子|人行道|马路|主路|坡道|台阶|广场|小广场|小花园|[东西南北]花园|"
    r"中心花园|花园|"
    r"花坛|绿化带|草坪|凉亭|健身区|健身器材|儿童乐园|游乐场|滑梯|沙坑|篮球场|乒乓球台|喷泉|水池|景观池|"
    r"垃圾站|垃圾房|垃圾桶|垃圾点|垃圾箱|快递柜|快递架|驿站|外卖柜|信报箱|公告栏|宣传栏|公示栏|岗亭|门岗|保安亭|门卫室|"
    r"传达室|物业办公室|物业服务中心|物业用房|社区活动室|活动室|幼儿园(?=门|旁|后|前|对面)|道闸|抬杆|东北门|西北门|东南门|西南门|"
    r"(?<![0-9单开对关])[东西南北](?:大|小|侧)?门(?![户的]?锁)|正门|大门口?|侧门|后门|小门|院门口?|小区门口|厨房|卫生间|"
    r"厕所|洗手间|浴室|客厅|卧室|主卧|次卧|书房|阳台|飘窗|餐厅|储藏室|玄关|吊顶|天花板|洗澡间|北屋|南屋|里屋|小屋|商铺|底商|"
    r"门面房|门房|架空层|设备层|半平台|平台|"
    r"主路|中心路|小路|消防车?道|车道|道边|路边|路口|院子|绿地|女儿墙|儿童区|访客位|无障碍坡道|(?:残疾人|无障碍|访客|充电)车位|门洞|"
    r"人工湖|荷花池|湖边|河边|游园|小?公园|游乐区|活动区|办公室|接待室|步梯口|步梯|大卧|小卧|大屋|灶间|灶房|露台|阴台|衣帽间|入户门?|"
    r"门卫(?!大爷|大叔|师傅|不|说|让|拦|管|也|都|把|跟|给|睡|玩|骂)|非机动车棚|棚子(?:里头?)?|空场|空地|小游园|机房|高区梯|低区梯|大梯|小梯|轿厢|步行街|"
    r"墙根|配电间|设备间|储藏间|顶棚|"
    r"(?:地面)?[0-9]{1,3}号(?:充电)?[桩棚]|后厨|包间|灶台|水槽|洗手池|洗菜池|窗台|暖气片(?:接口)?|水坑|柜子(?=里)|平房|"
    r"(?<=[客卧厅室里外])墙(?![皮上体角]))"
)
# A thing talked of as a matter (电梯费, 加装电梯, 没有活动室) is no place.
_MATTER = (
    re.compile(r"(?:加装|安装|外挂|更新|更换|换|新建|建|盖|没有|没|缺|占用?|动用?|说有|改成|成了收费|双语|叫什么|国际|图上)(?:的|了|个)?$"),
    re.compile(r"费|广告(?!牌)|场地|卡(?!在|住|着)|收益|的?租金|的?钱|更新|加装|改造|管理员|公司|人员?没|、"),
)
_PHRASE = (
    rf"(?:(?:{_FLOORS})(?:的)?(?:{_DOOR})?(?:的)?|{_DOOR}(?:的)?|"
    rf"(?:{_SIDE})(?=的?{_NOUN}))?[,\s]?(?:(?:{_SIDE})?(?:{_WHICH})?的?小?{_NOUN})(?:[,\s]?(?:{_SIDE})?(?:{_WHICH})?的?小?{_NOUN}){{0,2"
    rf"}}(?:[A-Z]区)?(?:{_FLOOR})?"
    rf"(?:[的\s]?(?:{_SIDE}|{_WHERE})){{0,2}}(?:(?:的)?[左右](?![拐转])(?:边|手|手边)?(?:那)?(?:部|个|扇|盏)?)?{_TO}?"
)
_LEVEL = rf"(?:{_FLOORS})(?:的)?{_DOOR}?(?:(?:的)?{_SIDE})?{_WHERE}?{_TO}?|(?!那){_DOOR}"
_WHOLE = re.compile(
    rf"(?:{_FLOORS}){_TO}|{_PHRASE}|(?:左|右|东|西|南|北|中间?)[边手]?[这那](?:一)?[个部]梯?子?(?![人小])|"
    rf"[东西南北][边头]那[部个盏排](?!人)",
    re.I,
)
_ONLY_LEVEL = re.compile(_LEVEL)
# A side right behind the address (九号楼南边, 3单元门口) is the spot, whatever else is spoken of.
_BESIDE = re.compile(
    rf"(?<={ADDRESS})(?:的)?((?:楼)?(?:{_SIDE}|下坡|上坡|[楼屋]顶){{1,2}}(?:{_WHERE}|"
    rf"{_WHICH}(?:梯子?)?)?(?:的)?(?:{_NOUN})?{_WHERE}?)(?!户)"
)
# Anything at all with a word that says where it is to it (荷花池边上, 沙发背后): taken when nothing known is named.
_BESIDE_WHAT = (
    r"(?:后头|后面|后边|背后|前头|门前|窗前|楼前|边儿?上|旁边|跟前|对面|底下|下头|下面|上头|上面|外头|外面|里头|里面|当间儿?|中间|"
    r"那[儿块片屋间头边]儿?|那条[路道]|拐角|角上|墙角|窗下|窗外|侧面|顶上|背面)"
)
_NO_PLACE = (
    r"(?:以|之|今|他|她|你|最|然|不|没|都|就|还|也|又|说|给|让|被|跟|和|要|是|有|能|得|这|那|每|一|心|脸|身|头|手|脚|嘴|老|物业|人|事|话|"
    r"网|群|晚|早|班|月|年|周|天|钱|合同|公示|纸)"
)
_BY_SOMETHING = re.compile(
    rf"(?:^|(?<=[,。;!?\s在从到往把的{ADDRESS}]))(?!{_NO_PLACE})(?:我家?的?)?[\u4e00-\u9fff]{{1,5}}?{_BESIDE_WHAT}(?![来去说讲提话])"
)
_SIDE_ALONE = re.compile(
    r"(?:楼|院)?(?:[东西南北](?:边|侧|头|面|山墙?)|背阴(?:那)?面|阴面|阳面|向阳面)(?:那[片块条面边])?(?![户街区门方电气])|楼[东西南北](?![边侧头面门])|"
    r"(?:单元|楼)?门前|窗户?(?:外边|外头|外面|底下|下面|前|外)|一进[门院]|出[门院](?:口)?[左右]拐|(?:左|右)手?(?:边|侧)"
)
_VAGUE = re.compile(
    r"楼前|楼[上下](?=[\x00有]|装修|电钻|小孩|民宿|每|天|半夜|漏|那|的?(?:人|住户|邻居))|(?:大)?门口(?!令)|前台|屋里(?=烧|着|冒|有股|"
    r"全是|漏|进|烟)|对门(?=又|好像|有人|着)|[东西南北]区|店里|各层|我们这层"
)
_UP_AND_DOWN = re.compile(r"(?:爬|掉|蹿|淌到|漫到|流到|下|高|住|走到|排到)了?$")
_BAY_TALK = re.compile(r"车位|地锁|位锁|停车|我车|挪车|车库|地库|占了")
_BAY = re.compile(
    r"(?<![A-Za-z0-9])(?:[A-Z]区-?[0-9]{2,3}(?![0-9号栋])|[A-Z]区[0-9]{1,3}号(?!楼|院)|B[1-4](?:层|-|区)?[A-Z]?-?[0-9]{2,4}|"
    r"负[一二三1-3]层?-?[0-9]{2,4}|"
    r"[A-Z]-?[0-9]{2,4}(?=号?车位)|[0-9]{2,4}(?=号?(?:车位|位)))号?(?:车位)?(?![0-9])"
)
_CHARGER = re.compile(r"(?:地面)?[0-9]{1,3}号(?:充电)?桩")
_EDGE = re.compile(r"^[的,\s]+|[的,\s]+$|(?<=..)里$")
_BREAK = frozenset(f",.!?。;、 {ADDRESS}")


def bay_span(text: str) -> tuple[int, int] | None:
    """(start, end) of a parking bay's name (B区112, 负二067) where parking is talked of; None where there is none."""
    match = (_BAY.search(text) if _BAY_TALK.search(text) else None) or _CHARGER.search(text)
    return match.span() if match else None


def find_spot(text: str) -> str | None:
    """The words of the spot as they stand in `text`, or None.

    `text`: cleaned, numbers that are no place blanked, the address replaced by `ADDRESS` marks. Of several spots a side of the building
    said with the address comes first, then a thing with its floor or side, then a thing, then a floor alone; a thing and its side or
    floor said apart are both given, with a blank between.
    """
    meant = mended(text)
    found = _found(text) or (_found(meant) if len(meant) == len(text) else [])
    if not found:
        return None
    best = max(found, key=lambda spot: (spot.rank, len(trimmed(text[spot.start : spot.end])), -spot.start))
    chosen = sorted([best, *_completing(best, found)], key=lambda spot: spot.start)
    return " ".join(trimmed(text[spot.start : spot.end]) for spot in chosen)


@dataclass(frozen=True)
class _Spot:
    rank: int  # the higher is taken
    sort: str  # side | thing | level | vague
    start: int
    end: int


def _found(heard: str) -> list[_Spot]:
    found = [*_sides(heard), *_things(heard), *_levels(heard), *(_Spot(1, "vague", *m.span()) for m in _VAGUE.finditer(heard))]
    found += [_Spot(0, "vague", *m.span()) for pattern in (_BY_SOMETHING, _SIDE_ALONE) for m in pattern.finditer(heard)]
    return [spot for spot in found if len(trimmed(heard[spot.start : spot.end])) >= 2]


def _sides(heard: str) -> list[_Spot]:
    return [_Spot(6, "side", *match.span(1)) for match in _BESIDE.finditer(heard)]


def _things(heard: str) -> list[_Spot]:
    found = []
    for match in _WHOLE.finditer(heard):
        start, end = match.span()
        if not (_MATTER[0].search(heard[max(0, start - 4) : start]) or _MATTER[1].match(heard, end)):
            sided = _SIDED.search(match[0]) or heard[start - 1 : start] == ADDRESS
            found.append(_Spot(5 if _alone(heard, start, end) else 4 if sided else 3, "thing", start, end))
    return found


def _levels(heard: str) -> list[_Spot]:
    found = []
    for match in _ONLY_LEVEL.finditer(heard):
        before = heard[max(0, match.start() - 3) : match.start()]
        if not _UP_AND_DOWN.search(before):
            beside = ADDRESS in before[-2:] and not match[0].startswith("顶")
            found.append(_Spot(4 if beside else 2, "level", *match.span()))
    return found


def _completing(best: _Spot, found: list[_Spot]) -> list[_Spot]:
    """What completes the best: the floor of a thing told without one, the thing at a side or on a floor."""
    wanted = {"side": "thing", "level": "thing", "thing": "level"}.get(best.sort)
    if best.sort == "thing" and best.rank == 4:
        return []
    others = [spot for spot in found if spot.sort == wanted and (spot.end <= best.start or best.end <= spot.start)]
    return [max(others, key=lambda spot: (spot.rank, -spot.start))] if others else []


def trimmed(words: str) -> str:
    """The words of a spot without what hangs on their edges (的, a comma, the 里 of 厨房里)."""
    return _EDGE.sub("", words).strip(f" {ADDRESS}")


def _alone(text: str, start: int, end: int) -> bool:
    """Whether the words between are a clause by themselves, as when somebody adds where it is."""
    return (start == 0 or text[start - 1] in _BREAK or text[start] in _BREAK) and (end == len(text) or text[end] in _BREAK)


_SIDED = re.compile(r"[层户部]|[0-9一二三四五六七八九十]楼|[顶底]楼|[Bb][1-5]|[东西南北左右]")
