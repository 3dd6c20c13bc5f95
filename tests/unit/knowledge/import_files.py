"""Files to import, made on the spot: a .docx as Word writes it, a PDF with heads and page numbers, a law."""

import io
from pathlib import Path

from docx import Document
from docx.oxml import OxmlElement
from docx.oxml.ns import qn

LAW = """昆都仑区养犬管理条例
（2026年8月20日昆都仑区第十七届人民代表大会常务委员会第八次会议通过）
目录
第一章 总则
第二章 管理
第一章 总则
第一条 为了规范养犬行为，维护公共秩序，制定本条例。
第二章 管理
第二条 携犬出户应当束犬链，
犬链长度不得超过2米，并由成年人牵引。
第三条 居民小区内禁止饲养烈性犬和体高超过60厘米的大型犬。有下列情形之一的，不得养犬：
（一）两年内因养犬受过三次处罚的；
（二）没有固定住所的。
第四条 养犬人应当在取得犬只之日起30日内到公安派出所办理养犬登记，登记费每只100元。
第五条 违反本条例第二条规定，遛狗不牵绳的，由公安机关责令改正，处50元以上200元以下罚款。
第六条 本条例自2026年10月1日起施行，有效期五年。
"""

NOTICE = """东河区人民政府办公室
关于印发《东河区住宅小区电动自行车充电管理办法（试行）》的通知
包东政办发〔2026〕41号
各镇人民政府、街道办事处：
现将《东河区住宅小区电动自行车充电管理办法（试行）》印发给你们，请认真执行。
东河区人民政府办公室
2026年9月10日
东河区住宅小区电动自行车充电管理办法（试行）
为规范住宅小区电动自行车充电，制定本办法。
一、充电设施
（一）建设标准。新建小区电动自行车充电端口配建比例不低于80%，每个充电端口服务费每小时不超过0.3元。
（二）巡查要求。物业服务企业每周至少开展1次充电设施安全检查，发现隐患应当在24小时内整改。（责任单位：区住建局；配合单位：区消防救援大队、各街道）
二、禁止行为
（一）禁止在楼道、门厅停放电动自行车或者充电。
（二）禁止电动自行车进入载客电梯。
三、附则
本办法自2026年10月1日起施行，有效期至2028年9月30日。
"""


def notice_docx() -> bytes:
    """NOTICE as a .docx whose top numerals Word writes by itself, with a deletion and an insertion tracked."""
    document = Document()
    number = _numbering(document)
    for line in NOTICE.splitlines():
        automatic = line[:2] in ("一、", "二、", "三、")
        paragraph = document.add_paragraph(line[2:] if automatic else line)
        if automatic:
            properties = paragraph._p.get_or_add_pPr()
            held = OxmlElement("w:numPr")
            for name, value in (("w:ilvl", "0"), ("w:numId", number)):
                part = OxmlElement(name)
                part.set(qn("w:val"), value)
                held.append(part)
            properties.append(held)
    _track(document.paragraphs[-1]._p)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def _numbering(document) -> str:  # type: ignore[no-untyped-def]
    root = document.part.numbering_part.element
    abstract = OxmlElement("w:abstractNum")
    abstract.set(qn("w:abstractNumId"), "77")
    level = OxmlElement("w:lvl")
    level.set(qn("w:ilvl"), "0")
    for name, value in (("w:start", "1"), ("w:numFmt", "chineseCounting"), ("w:lvlText", "%1、")):
        part = OxmlElement(name)
        part.set(qn("w:val"), value)
        level.append(part)
    abstract.append(level)
    root.insert(0, abstract)
    number = OxmlElement("w:num")
    number.set(qn("w:numId"), "77")
    held = OxmlElement("w:abstractNumId")
    held.set(qn("w:val"), "77")
    number.append(held)
    root.append(number)
    return "77"


def _track(p) -> None:  # type: ignore[no-untyped-def]
    for name, tag, words in (("w:del", "w:delText", "这句删掉了。"), ("w:ins", "w:t", "由区住建局解释。")):
        change, run, text = OxmlElement(name), OxmlElement("w:r"), OxmlElement(tag)
        text.text = words
        run.append(text)
        change.append(run)
        p.append(change)


def notice_pdf(folder: Path) -> bytes:
    """NOTICE as a PDF of several small pages, each with a head and a page number."""
    import typst

    body = "\n\n".join(line.replace("#", "") for line in NOTICE.splitlines())
    source = folder / "notice.typ"
    page = '#set page(width: 90mm, height: 80mm, header: [昆区文件汇编], footer: context [— #counter(page).display() —])'
    font = '#set text(font: ("Noto Sans CJK SC", "Noto Serif CJK SC"), size: 9pt, lang: "zh")'
    source.write_text(f"{page}\n{font}\n\n{body}", encoding="utf-8")
    return typst.compile(source)
