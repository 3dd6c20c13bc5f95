"""Numbers that are no part of an address: phones, dates, money, ages, counts, plates, ticket numbers. They are blanked before places
are looked for, so that no room number is ever found inside a telephone number."""

import re

from understanding.phones import phone_spans
from understanding.times import time_spans

BLANK = "\x00"
_N = r"(?:[0-9]{1,9}(?:\.[0-9]{1,4})?|[零〇一二两三四五六七八九十百千几俩仨]{1,6})(?:来|多)?"
_MEASURE = (
    "个|人|口(?!人)|户(?!型)|次(?!卧)|趟|回(?!迁)|遍|份|张|件|把(?=椅|伞|锁|钥|剪|刀|扫|锹|铁锹|火|[,。]|$)|条(?!路)|只|辆|台|部|根|颗|块|平米|平方米|平|㎡|米|厘米|公分|毫米|度(?!假)|℃|斤|公斤|吨|方(?!向)|岁|来岁|周岁|%|"
    "票|扇|盆|桶|瓶|级|倍|成(?!员)|页|项|款|折|伏|瓦|千瓦|公里|里地|寸|盏|支|种|届|元|块钱|毛|角(?!落)|分钱|万|亿|百块|千块|箱|袋|棵|头|匹|场|轮|段|节|点|秒|分(?!之)|声|滴|排|"
    "位|名|家|层楼(?![道梯顶])|套|间|格|颗|拨|伙|对|双|拃|丈|尺|兆|G|g|kg|kw|KW|w|W|v|V|A(?![座栋0-9])|m|cm|mm|ml|L"
)
_COUNT = re.compile(rf"(?<![0-9A-Za-z.\-#零〇一二两三四五六七八九十百千])(?:{_N}[-~到])?{_N}\s?(?:{_MEASURE})(?![0-9]*[单室])")
_COUNTED = re.compile(
    r"第[0-9一二三四五六七八九十]{1,3}[个栋排幢座家扇根盏道]|(?<=[两几])[栋幢]|"
    r"[几好每各整这那前后全多][一二两三四五六七八九十0-9]{0,3}[栋幢](?!楼[道梯])|"
    r"(?:就|有|共|总共|一共)[一二两三四五六七八九十0-9]{1,3}[栋幢]|"
    r"[一二两三四五六七八九十][栋幢](?=楼(?![道梯下上顶门里底前后]))"
)
_MONEY = re.compile(
    rf"(?:收|交|涨|涨到|扣|付|花|罚|退|要|卖|掏|充|欠|多收|报|从|押金|合同价|每月|月租|费|差|补|转|才|租金)了?(?:我|我们|您|"
    rf"你|到|成|了|过)?{_N}(?:[一二三四五六七八九])?"
    r"(?![0-9]*(?:号楼|号院|栋|幢|单元|室|座|#|-[0-9]|号|楼|层|[0-9]))"
)
_PLATE = re.compile(r"[京津冀晋蒙辽吉黑沪苏浙皖闽赣鲁豫鄂湘粤桂琼渝川贵云藏陕甘青宁新][A-Z][·\s]?[A-Z0-9]{4,6}")
_TICKET = re.compile(
    r"(?:[A-Za-z]{2,}[\s-]?)[0-9]{3,}[0-9-]*|(?:工单|单号|编号|单子|尾号|收据|票号|验证码|取件码|卡号|表号|户号|证号)(?:号|"
    r"编号|是|为|[:#\s])*[0-9A-Za-z-]+"
)
_LONG = re.compile(
    r"[0-9](?:[0-9.]{4,})|[0-9]+\.[0-9]+|[0-9]+/[0-9]+(?!/)|[0-9]+%|"
    r"[零一二三四五六七八九十百]{1,4}分之[零一二三四五六七八九十百]{1,4}|[0-9]+分之[0-9]+"
)
_BAY = re.compile(
    r"(?<![A-Za-z0-9])[A-Z][0-9]?(?:区|-)?[0-9]{0,2}-?[0-9]{2,4}(?=号?车位)|(?<![A-Za-z0-9])B[1-4](?:-|层|"
    r"区)?[A-Z]?-?[0-9]{2,4}(?![0-9])|[0-9]{1,4}号?(?=车位|充电桩|充电口|桩)"
)
_HOUSE_TYPE = re.compile(r"[0-9一二两三四五六七]室[0-9一二两三四]厅")
_PUBLIC_NUMBER = re.compile(r"(?<![0-9元栋幢座#楼-])(?:110|119|120|122|114|315|12345|12319|96[0-9]{3})(?![0-9]|室|房)")
_NOT_MINE = (_PLATE, _TICKET, _BAY, _HOUSE_TYPE, _PUBLIC_NUMBER, _LONG, _COUNTED, _COUNT, _MONEY)
_BUILDING_AFTER = re.compile(r"\s?(?:号?楼|栋|幢|#|号院|单元|室|-[0-9]|[0-9]{3,4}(?![0-9]))")


def without_other_numbers(text: str) -> str:
    """The text, same length, with every number that is surely no address blanked."""
    kept = list(text)
    for start, end, _ in phone_spans(text):
        kept[start:end] = BLANK * (end - start)
    for start, end in time_spans(text):
        if not _BUILDING_AFTER.match(text, end):
            kept[start:end] = BLANK * (end - start)
    blanked = "".join(kept)
    for pattern in _NOT_MINE:
        blanked = pattern.sub(lambda match: BLANK * len(match[0]), blanked)
    return blanked
