"""Names of people said in a message (我姓王, 我叫李建国, 王阿姨)."""

import re

# Surnames common enough to be meant; those that are everyday words (和 时 水 有 高 …) only where a name is announced.
_SURNAME = (
    "欧阳|上官|司马|诸葛|东方|皇甫|慕容|王|李|张|刘|陈|杨|赵|黄|周|吴|徐|孙|胡|朱|郭|何|罗|宋|郑|谢|韩|唐|冯|董|萧|程|曹|袁|邓|许|傅|沈|曾|彭|吕|苏|卢|蒋|蔡|贾|丁|魏|薛|叶|阎|余|潘|杜|戴|夏|钟|汪|田|任|姜|范|"
    "姚|谭|廖|邹|熊|陆|郝|孔|崔|康|毛|邱|秦|江|史|顾|侯|邵|孟|龙|段|雷|钱|汤|尹|黎|易|常|武|乔|贺|赖|龚|庞|樊|兰|殷|施|陶|翟|安|颜|倪|严|牛|温|芦|季|俞|章|鲁|葛|韦|申|尤|毕|聂|焦|向|柳|邢|岳|齐|梅|莫|庄|辛|管|祝|左|涂|谷|祁|舒|耿|"
    "牟|卜|路|詹|关|苗|凌|费|纪|靳|盛|童|欧|甄|项|曲|游|裴|席|卫|查|屈|鲍|覃|霍|翁|隋|甘|景|薄|单|包|司|柏|宁|柯|阮|桂|闵|解|车|房|白|马|方|石|高|林|梁|于|万|金|付|文|乌|巴|布|那|赛|敖|铁"
)
_TITLE = (
    r"阿姨|叔叔|叔|大爷|大妈|大娘|奶奶|爷爷|师傅|先生|女士|老师|经理|主任|书记|"
    r"大姐|大哥|姐|哥|婶|嫂|医生|律师|同志|老板|队长|会计|工(?=$|[,。\s])"
)
_GIVEN = r"[\u4e00-\u9fff]{1,2}"
_STOP = r"(?=$|[,。;!?、:\s0-9\x00]|的|住|在|家|电话|手机|是|吧|啊|呀)"
_NAMED = re.compile(
    rf"(?:我叫|俺叫|本人叫?|名叫|名字(?:是|叫|写|改成)?|姓名(?:是|改成|写|:)?|户主(?:叫|是|:)?|联系人(?:是|叫|换成?|写)?|"
    rf"业主(?:叫|是)|找)\s?((?:{_SURNAME}){_GIVEN}?){_STOP}"
)
_CHANGED = re.compile(
    rf"(?:换成|改成|换|写)(?:我)?(?:儿媳妇|媳妇|老公|爱人|儿子|闺女|女儿|弟|哥|姐|妹|"
    rf"老伴)?[,\s]?((?:{_SURNAME}){_GIVEN}){_STOP}"
)
_SURNAMED = re.compile(rf"(?:我|俺|本人|他|她|免贵)?(?<!不)姓((?:{_SURNAME}))(?![名氏])(?:[,\s]{{0,2}}(?:叫)?(\1{_GIVEN}){_STOP})?")
_CALLED = re.compile(
    rf"(?<![\u4e00-\u9fff])((?:{_SURNAME})(?:{_GIVEN})?(?:{_TITLE}))|((?![安房车管卫单包解关路文项左查费盛毕方白石高金])(?:{_SURNAME})(?:{_TITLE}))"
)
_FAMILIAR = re.compile(
    rf"(?:叫我|我是|联系|找|就行|楼长|网格员|写个?|"
    rf"留)[^,。]{{0,4}}?([小老阿](?:{_SURNAME}))(?![板师\u4e00-\u9fff]{{0,1}}(?:区|旧|年|房))"
)
_ALONE = re.compile(
    rf"^((?:{_SURNAME}){_GIVEN})(?=[,\s]\s?[0-9]{{7,}})|^((?:{_SURNAME})[^\W0-9A-Za-z了啊的吧呀呢不没人楼号门户灯水电气天上下里多少点]{{2}})$"
)
_NOT_NAMES = re.compile(
    r"^(?:谢谢|安全|高层|高压|方便|白天|马上|马路|金额|文件|万一|包括|车位|车库|房东|房子|房号|单元|单子|解决|常常|向阳|东方|"
    r"费用|管道|关门|关于|路灯|路面|石头|查询|查一|查下|司机|游泳|易拉|任何|时间|余额|温度|何时|曾经|应该|项目|卫生|经理)"
)


def find_names(text: str) -> tuple[str, ...]:
    """The names said, in order, each once: a surname (王), a full name (李建国) or a name with its title (王阿姨)."""
    found: list[tuple[int, str]] = []
    for pattern in (_NAMED, _CHANGED, _SURNAMED, _CALLED, _FAMILIAR, _ALONE):
        for match in pattern.finditer(text):
            name = next((group for group in reversed(match.groups()) if group), "")
            if name and not _NOT_NAMES.match(name):
                found.append((match.start(), name))
    names = [name for _, name in sorted(found)]
    longest = (name for name in names if not any(name != other and name in other and len(name) > 1 for other in names))
    return tuple(dict.fromkeys(longest))
