"""What the scripted server answers: one example of each kind of reply the page must show."""

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

_numbers = itertools.count(1)

DONGHE = {
    "plan": "donghe-2025",
    "title": "东河区物业服务质量持续提升三年行动方案（2025—2027年）",
    "doc_number": "包东政办发〔2025〕32号",
    "status": "in_force",
    "binding": True,
    "clause": "三（二）1",
    "heading": "三、重点任务 > （二）健全问题处置机制",
    "quote": "社区代管小区由社区居委会受理，原则上3个工作日内解决；不能按期解决的，向居民说明原因和预计时限。",
    "url": "/plans/donghe-2025#c-3-2-1",
}
OLD = DONGHE | {
    "plan": "nmg-2018", "title": "内蒙古自治区“物业管理服务质量提升年”活动方案", "doc_number": "内政办发〔2018〕54号",
    "status": "ended", "clause": "四（一）", "heading": "四、工作要求", "url": "/plans/nmg-2018",
}  # fmt: skip
DRAFT = DONGHE | {
    "plan": "minle-draft", "title": "民乐县关于纵深推进物业服务领域突出问题整治重点工作实施方案（征求意见稿）", "doc_number": None,
    "status": "draft", "binding": False, "clause": "二（三）", "url": "javascript:alert(1)",
}  # fmt: skip
LAW = DONGHE | {
    "plan": "law:civil-code", "title": "中华人民共和国民法典", "doc_number": None, "clause": "第二百七十八条",
    "heading": "业主共同决定事项", "quote": "下列事项由业主共同决定……", "url": "/laws/civil-code#278",
}  # fmt: skip


def said(text: str, kind: str = "text", choices: list[str] | None = None, **more: Any) -> dict[str, Any]:
    """A contract Reply; a choice's opaque token carries its title here."""
    buttons = [{"title": title, "choice": f"choice:{title}"} for title in choices or []]
    return {"kind": kind, "text": text, "choices": buttons, "citations": [], **more}


def clock(name: str, clause: str, due_at: str | None) -> dict[str, Any]:
    """A contract clock, running or not set."""
    return {
        "name": name,
        "due_at": due_at,
        "source": {"plan": "donghe-2025", "clause": clause},
        "state": "running" if due_at else "not_set",
    }


def ticket(kind: str, category: str, **more: Any) -> dict[str, Any]:
    """A contract Ticket as its resident sees it."""
    now = datetime.now(UTC)
    return {
        "number": f"LD20261120{next(_numbers):04d}", "kind": kind, "category": category, "state": "submitted",
        "place": {"region": "donghe", "community": "幸福小区", "building": "3", "unit": "2", "room": "502", "spot": None},
        "description": "我家3号楼2单元502厨房水管一直漏水", "lead_unit": "物业服务企业", "support_units": ["社区居委会"],
        "level": "company",
        "clocks": [clock("respond", "三（二）1", (now + timedelta(hours=2)).isoformat()), clock("resolve", "三（二）2", None)],
        "opened_at": now.isoformat(),
        "history": [{"at": now.isoformat(), "event": "submitted", "by": None, "text": "已提交"}],
    } | more  # fmt: skip


def answer(text: str, photo: bool) -> dict[str, Any]:
    """A Turn without its id: outcome, replies, and what else is not empty."""
    draft = ticket("repair", "water_supply", number=None, state="draft")
    if "闻到煤气" in text or "着火" in text:
        first = "请马上：不开关电器，开窗，到室外再打电话。\n着火、爆燃先打 119，有人不舒服打 120。"
        filed = said("已经按紧急情况报上去了，请守在安全的地方，保持电话畅通。", kind="emergency")
        return {"outcome": "emergency", "replies": [said(first, kind="emergency"), filed], "tickets": [ticket("emergency", "gas_leak")]}
    if "社区代管" in text:
        stated = said("社区代管的小区，问题原则上3个工作日内解决；到期解决不了的，要向您说明原因和预计时限。", citations=[DONGHE])
        return {"outcome": "answered", "asks_for": "property_form", "replies": [stated], "tickets": []}
    if "依据" in text:
        stated = said("这件事几份文件都说到了：", citations=[DONGHE, OLD, DRAFT, LAW])
        return {"outcome": "answered", "replies": [stated], "tickets": []}
    if "漏水" in text:
        asked = said("好的，厨房水管漏水，3号楼2单元502。请问是哪个小区？", choices=["幸福小区", "阳光花园", "都不是"])
        return {"outcome": "report_open", "asks_for": "place", "replies": [asked], "tickets": [], "draft": draft}
    if "小区" in text and len(text) < 6:
        asked = said("留个电话方便师傅联系您，可以不留。", choices=["不留电话"])
        return {"outcome": "report_open", "asks_for": "contact", "replies": [asked], "tickets": [], "draft": draft}
    if "不留" in text or photo:
        summary = said(
            "请您核对：\n幸福小区 3号楼2单元502\n厨房水管一直漏水\n对的话点“提交”。", kind="card", choices=["提交", "改一下", "不报了"]
        )
        return {"outcome": "report_open", "asks_for": "confirm", "replies": [summary], "tickets": [], "draft": draft}
    if text == "提交":
        opened = ticket("repair", "water_supply")
        return {
            "outcome": "filed",
            "replies": [said(f"已受理，工单号 {opened['number']}。物业值班电话 0472-4123456。")],
            "tickets": [opened],
        }
    if "成立" in text:
        paper = {"title": "首次业主大会会议筹备申请书.docx", "url": "/papers/1.docx", "media_type": "application/vnd.docx"}
        stated = said("先向街道提出书面申请，这是申请书：", kind="document", document=paper)
        return {"outcome": "guide", "replies": [stated], "tickets": []}
    return {"outcome": "out_of_scope", "replies": [said(f"我只管小区里的事。您说的是：{text}")], "tickets": []}
