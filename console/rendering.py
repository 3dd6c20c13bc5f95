"""From values to pages: the Jinja environment (everything escaped), words for machine ids, times as people read them."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from config.categories import categories
from config.refusal import Refused
from config.words import Words
from console.access import ROLE_NAMES, SIDE_NAMES, Viewer

TEMPLATES = Path(__file__).resolve().parent / "templates"
BEIJING = ZoneInfo("Asia/Shanghai")
STATE_NAMES = {
    "submitted": "待受理",
    "accepted": "已受理",
    "in_progress": "办理中",
    "resolved": "已办结",
    "closed": "已关闭",
    "reopened": "重新办理",
    "rejected": "不受理",
    "merged": "已合并",
    "withdrawn": "居民撤回",
}
LEVEL_NAMES = {"company": "小区", "county": "旗县区", "league": "盟市", "region": "省级"}
CLOCK_STATE_NAMES = {"running": "计时中", "met": "按时", "breached": "超时", "not_set": "文件未定时限"}

# What an event of the history is, before the words said with it.
EVENT_NAMES = {
    "noted": "备注",
    "replied": "回复居民",
    "updated": "新进展",
    "chased": "催办",
    "supplemented": "补充",
    "accepted": "受理",
    "in_progress": "开始办理",
    "resolved": "办结",
    "closed": "关闭",
    "rejected": "不受理",
    "reopened": "重新办理",
    "moved": "转办",
}
ACTION_NAMES = {
    "sign_in": "登录",
    "sign_out": "退出",
    "sign_in_locked": "连错锁定",
    "password_changed": "更换密码",
    "password_reset": "重置密码",
    "sessions_ended": "退出登录",
    "operator_added": "新增账号",
    "operator_disabled": "停用账号",
    "operator_enabled": "恢复账号",
    "key_made": "生成密钥",
    "key_revoked": "吊销密钥",
    "contact_viewed": "查看联系方式",
    "ledger_exported": "导出台账",
    "training_exported": "导出训练句",
    "question_reviewed": "复核问题",
    "ticket_claimed": "认领工单",
    "ticket_released": "放回工单",
    "ticket_replied": "回复居民",
    "ticket_handed_back": "交还对话",
    "ticket_state": "更新状态",
    "ticket_moved": "转办工单",
    "ticket_merged": "合并工单",
    "ticket_unmerged": "撤销合并",
    "ticket_asked": "派任务",
    "ticket_answered": "单位答复",
    "ticket_cause": "标注原因",
    "incident_opened": "开事件",
    "incident_ended": "结束事件",
    "called_back": "回访",
    "survey_started": "发起满意度测评",
    "agenda_made": "生成会议议程",
    "member_invited": "邀请业委会成员",
    "member_joined": "成员加入",
    "operator_chat_offered": "取工作群关联码",
    "operator_chat_linked": "关联工作群帐号",
    "operator_chat_ended": "取消工作群关联",
    "member_ended": "任职结束",
    "desk_opened": "打开业委会工作台",
    "case_opened": "开始办事",
    "case_step": "记办完一步",
    "case_step_undone": "撤回一步",
    "case_event": "记日期",
    "case_closed": "办事结束",
    "case_calendar": "换日历地址",
    "ledger_saved": "存账目草稿",
    "ledger_approved": "同意账目",
    "ledger_published": "公布账目",
    "ledger_correction": "提出更正",
    "ledger_corrected": "公布更正",
    "disclosure_noted": "记公示事项",
    "disclosure_done": "记已公示",
    "self_check": "自查",
    "plan_imported": "导入文件草稿",
    "plan_confirmed": "确认文件",
    "plan_discarded": "作废文件草稿",
    "plan_ended": "定文件最后一天",
    "answer_attached": "给问题指定条目",
    "answer_written": "写核对过的答复",
    "answer_revoked": "撤回答复",
}


def by_name(by: str) -> str:
    """Who did something in a ticket's history."""
    return {"resident": "居民", "linda": "系统"}.get(by, by)


def event_words(line: dict[str, Any]) -> str:
    """One line of a ticket's history: what happened and what was said with it, nothing twice."""
    name, text = EVENT_NAMES.get(line["event"], ""), str(line["text"] or "")
    if not text:
        return name or str(line["event"])
    return text if not name or name in text else f"{name}：{text}"


def local(moment: datetime | None, form: str = "%m-%d %H:%M") -> str:
    """A moment in Beijing time; nothing for none."""
    return moment.astimezone(BEIJING).strftime(form) if moment else ""


def span(length: timedelta) -> str:
    """How long, in the two largest units: 2天3小时, 45分钟."""
    minutes = int(abs(length).total_seconds() // 60)
    days, hours, rest = minutes // 1440, minutes % 1440 // 60, minutes % 60
    if days:
        return f"{days}天{hours}小时" if hours else f"{days}天"
    if hours:
        return f"{hours}小时{rest}分" if rest else f"{hours}小时"
    return f"{rest}分钟"


def kind_name(kind: str) -> str:
    """报修, 投诉, 紧急, 转人工."""
    words = Words()
    return words(f"kind_{kind}") if words.has(f"kind_{kind}") else kind


def category_name(category: str, kind: str = "") -> str:
    """The title of a category; a hand-over has none of its own."""
    known = categories().get(category)
    return kind_name(kind) if kind == "handoff" else known.title if known else category


def form_name(form: str | None) -> str:
    """市场化物业, 社区代管…; 未说明 when unknown."""
    words = Words()
    return words(f"form_{form}") if form and words.has(f"form_{form}") else "未说明"


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {
        "local": local,
        "span": span,
        "kind": kind_name,
        "category": category_name,
        "form": form_name,
        "state": lambda s: STATE_NAMES.get(s, s),
        "level": lambda s: LEVEL_NAMES.get(s, s),
        "clock": lambda s: Words()(f"clock_{s}") if Words().has(f"clock_{s}") else s,
        "clock_state": lambda s: CLOCK_STATE_NAMES.get(s, s),
        "stamp": lambda s: local(datetime.fromisoformat(s)),
        "by": by_name,
        "event": event_words,
        "who": lambda s: "系统" if s == "system" else s.removeprefix("operator:"),
        "action": lambda s: ACTION_NAMES.get(s, s),
        "role": lambda s: ROLE_NAMES.get(s, s),
        "side": lambda s: SIDE_NAMES.get(s, s),
    }
    environment.globals |= {"viewer": None, "nav": "", "vendor": "/static/vendor", "version": _version()}
    return environment


def _version() -> str:
    """Changes with the static files, so that browsers take the new ones."""
    files = sorted((Path(__file__).resolve().parent / "static").glob("*"))
    return format(max((int(f.stat().st_mtime) for f in files), default=0), "x")


ENVIRONMENT = _environment()


def page(name: str, viewer: Viewer | None, values: Mapping[str, Any], status: int = 200) -> HTMLResponse:
    """One page or fragment as an answer."""
    return HTMLResponse(ENVIRONMENT.get_template(name).render(viewer=viewer, **values), status_code=status)


def problem_page(viewer: Viewer | None, refused: Refused) -> HTMLResponse:
    """What to show when something was refused and no page of its own is at hand."""
    return page("problem.html", viewer, {"problem": refused, "title": refused.reason}, refused.status)
