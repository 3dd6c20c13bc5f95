"""The resident page in real Chromium against a scripted server: what a resident sees, sends, loses never, and can always reach."""

import io
import re
import time
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.browser import DESKTOP, PATIENCE_MS, PHONE, OpenPage, Watched, serious_faults
from tests.browser.fake_api import FakeApi

pytestmark = pytest.mark.browser
QUESTION = "社区代管的小区报的问题几天内要解决"
REPORT = "我家3号楼2单元502厨房水管一直漏水"


def begin(fake: FakeApi, open_page: OpenPage, size: tuple[int, int] = PHONE) -> Watched:
    """Open the page, choose 东河区 and start."""
    watched = open_page(fake.address, size)
    watched.page.get_by_text("东河区").click()
    watched.page.get_by_role("button", name="开始", exact=True).click()
    expect(watched.page.get_by_text("您好，我是邻答")).to_be_visible()
    return watched


def say(page: Page, text: str) -> None:
    """Type and send."""
    page.get_by_label("输入消息").fill(text)
    page.get_by_role("button", name="发送", exact=True).click()


def picture(path: Path) -> Path:
    """A small real photo."""
    Image.new("RGB", (640, 480), "#3a7").save(path)
    return path


def mine(page: Page, text: str) -> Any:
    """The resident's own bubbles with this text."""
    return page.locator(".Message.right .Bubble", has_text=text)


def report_until_contact(page: Page) -> None:
    """Say the fault and tap the community."""
    say(page, REPORT)
    page.get_by_role("button", name="幸福小区").click()
    expect(page.get_by_role("button", name="不留电话")).to_be_visible()


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_ten_minute_walk_stays_on_the_origin_and_is_accessible(
    fake: FakeApi, open_page: OpenPage, tmp_path: Path, size: tuple[int, int]
) -> None:
    """The whole way of a resident: nothing leaves the origin, no error, nothing refused by the policy, axe finds nothing serious."""
    watched = open_page(fake.address, size)
    page = watched.page
    expect(page.get_by_text("东河区")).to_be_visible()
    assert serious_faults(page) == []
    page.get_by_text("东河区").click()
    page.get_by_text("社区代管").click()
    page.get_by_role("button", name="开始", exact=True).click()
    say(page, QUESTION)
    expect(page.locator(".Citation")).to_be_visible()
    page.locator(".Citation-head").click()
    assert serious_faults(page) == []
    report_until_contact(page)
    with page.expect_response(re.compile("/attachments$")):
        page.locator(".Write input[type=file]").set_input_files(picture(tmp_path / "leak.png"))
    expect(page.locator(".Tray-photo--ready")).to_have_count(1)
    assert serious_faults(page) == []
    page.get_by_role("button", name="发送", exact=True).click()
    page.get_by_role("button", name="提交").click()
    expect(page.locator(".MessageList .Ticket")).to_be_visible()
    number = next(iter(fake.only().tickets))
    expect(page.locator(".MessageList .Ticket-number")).to_have_text(number)
    fake.operator_says("师傅下午三点到")
    expect(page.get_by_text("师傅下午三点到")).to_be_visible()
    say(page, "家里闻到煤气味了")
    expect(page.locator(".Emergency").first).to_be_visible()
    assert serious_faults(page) == []
    page.get_by_role("button", name="菜单").click()
    assert serious_faults(page) == []
    assert fake.begun == [{"locale": "zh-CN", "region": "donghe", "property_form": "community"}]
    assert watched.foreign == []
    assert watched.errors == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_citation_says_where_it_stands(fake: FakeApi, open_page: OpenPage) -> None:
    """Title, document number, clause and standing at a glance; the quote and the plan one tap away; no script address is followed."""
    page = begin(fake, open_page).page
    say(page, "依据有哪些")
    cards = page.locator(".Citation")
    expect(cards).to_have_count(4)
    now, ended, draft, law = (cards.nth(n) for n in range(4))
    expect(now).to_contain_text("东河区物业服务质量持续提升三年行动方案（2025—2027年）")
    for words in ("包东政办发〔2025〕32号", "三（二）1", "现行有效"):
        expect(now.locator(".Citation-head")).to_contain_text(words)
    expect(now.locator("blockquote")).to_be_hidden()
    now.locator(".Citation-head").click()
    expect(now.locator("blockquote")).to_contain_text("原则上3个工作日内解决")
    expect(now.get_by_role("link")).to_have_attribute("href", f"{fake.address}/plans/donghe-2025#c-3-2-1")
    expect(now.locator(".Standing")).to_have_count(1)
    expect(ended.locator(".Citation-head")).to_contain_text("已期满")
    expect(draft.locator(".Citation-head")).to_contain_text("征求意见稿外地参考")
    draft.locator(".Citation-head").click()
    expect(draft.locator("blockquote")).to_be_visible()
    expect(draft.locator("a")).to_have_count(0)
    expect(law.locator(".Citation-head")).to_contain_text("法律法规")


def test_photos_are_previewed_uploaded_and_shown_again(fake: FakeApi, open_page: OpenPage, tmp_path: Path) -> None:
    """Several photos at once; one taken out again; what is sent is shown after a reload; a refused file says why."""
    page = begin(fake, open_page).page
    files = [picture(tmp_path / f"{n}.png") for n in range(3)]
    choose = page.locator(".Write input[type=file]")
    choose.set_input_files(files)
    expect(page.locator(".Tray-photo--ready img")).to_have_count(3)
    page.get_by_label("去掉照片 2").click()
    say(page, "漏水的照片")
    expect(page.locator(".SaidPhoto img")).to_have_count(2)
    expect(page.locator(".Tray-photo")).to_have_count(0)
    talk = fake.only()
    sent = talk.messages[-2]["body"]["attachments"]
    assert len(sent) == 2
    assert set(sent) < set(talk.photos)
    page.reload()
    expect(page.locator(".SaidPhoto img")).to_have_count(2)
    page.locator(".SaidPhoto").first.click()
    expect(page.locator("dialog.Sheet--picture img")).to_be_visible()
    page.keyboard.press("Escape")
    broken = tmp_path / "broken.gif"
    broken.write_bytes(b"GIF89a nothing")
    choose.set_input_files(broken)
    expect(page.locator(".Tray-photo--failed")).to_be_visible()
    expect(page.get_by_role("alert").filter(has_text="这个文件不是能识别的照片")).to_be_visible()


def test_a_large_photo_is_shrunk_before_it_is_sent(fake: FakeApi, open_page: OpenPage, tmp_path: Path) -> None:
    """A telephone's 4000-pixel picture goes up as a JPEG of at most 2560 pixels a side."""
    page = begin(fake, open_page).page
    Image.effect_noise((4000, 2400), 80).save(tmp_path / "big.jpg", quality=95)
    assert (tmp_path / "big.jpg").stat().st_size > 2.5 * 1024 * 1024
    page.locator(".Write input[type=file]").set_input_files(tmp_path / "big.jpg")
    expect(page.locator(".Tray-photo--ready")).to_be_visible()
    (data,) = fake.only().photos.values()
    with Image.open(io.BytesIO(data)) as got:
        assert (got.format, got.size) == ("JPEG", (2560, 1536))


def test_a_message_is_retried_with_its_own_id_until_it_is_answered_once(fake: FakeApi, open_page: OpenPage) -> None:
    """A 503, then an answer cut off after the server took it, then a repeat: one bubble, one answer."""
    page = begin(fake, open_page).page
    fake.fail = [503, 0]
    say(page, QUESTION)
    expect(page.locator(".Progress--retrying")).to_be_visible()
    expect(page.locator(".Citation")).to_have_count(1)
    assert len(fake.received) == 3
    assert len({message_id for message_id, _ in fake.received}) == 1
    page.wait_for_timeout(400)
    expect(mine(page, QUESTION)).to_have_count(1)
    expect(page.locator(".Citation")).to_have_count(1)
    expect(page.locator(".Progress")).to_have_count(0)
    assert len(fake.only().turns) == 1


def test_unsent_messages_and_drafts_survive_a_reload(fake: FakeApi, open_page: OpenPage) -> None:
    """What could not be sent goes out after a reload, in order, under the same ids; what was only typed is still there."""
    page = begin(fake, open_page).page
    fake.fail = [503] * 50
    say(page, "第一句依据")
    expect(page.locator(".Progress--retrying")).to_be_visible()
    say(page, "第二句依据")
    page.get_by_label("输入消息").fill("还没写完的话")
    tried = fake.received[0][0]
    fake.fail, fake.received = [], []
    page.reload()
    expect(mine(page, "第二句依据")).to_have_count(1)
    expect(page.locator(".Progress")).to_have_count(0)
    assert [text for _, text in fake.received] == ["第一句依据", "第二句依据"]
    assert fake.received[0][0] == tried
    expect(page.get_by_label("输入消息")).to_have_value("还没写完的话")
    expect(page.locator(".Citation")).to_have_count(8)


def test_offline_is_said_and_the_queue_goes_out_when_the_network_returns(fake: FakeApi, open_page: OpenPage) -> None:
    """The banner while offline; nothing is lost; it is sent at once when the network is back."""
    page = begin(fake, open_page).page
    page.context.set_offline(True)
    expect(page.locator(".Banner--off")).to_be_visible()
    say(page, QUESTION)
    expect(mine(page, QUESTION)).to_be_visible()
    assert fake.received == []
    page.context.set_offline(False)
    expect(page.locator(".Citation")).to_be_visible()
    expect(page.locator(".Banner--off")).to_have_count(0)
    assert len(fake.received) == 1


def test_a_refused_message_says_why_and_can_be_changed(fake: FakeApi, open_page: OpenPage) -> None:
    """A 4xx is not retried: reason and remedy stand under it, and its words come back for changing."""
    page = begin(fake, open_page).page
    fake.fail = [422]
    say(page, "这句会被拒绝")
    refused = page.locator(".Progress--refused")
    expect(refused).to_contain_text("这条被拒绝了")
    expect(refused).to_contain_text("改一改再发")
    refused.get_by_role("button", name="改一改再发").click()
    expect(page.get_by_label("输入消息")).to_have_value("这句会被拒绝")
    expect(refused).to_have_count(0)
    assert len(fake.received) == 1


@pytest.mark.parametrize("streams", [True, False], ids=["events", "polling"])
def test_operator_and_notices_arrive_without_reloading(fake: FakeApi, open_page: OpenPage, streams: bool) -> None:
    """An operator's words and a ticket's news come by themselves, by stream or by polling; the ticket card follows."""
    fake.streams = streams
    page = begin(fake, open_page).page
    report_until_contact(page)
    page.get_by_role("button", name="不留电话").click()
    page.get_by_role("button", name="提交").click()
    card = page.locator(".MessageList .Ticket")
    expect(card.locator(".State")).to_have_text("已提交")
    expect(card).to_contain_text("供水与漏水")
    expect(card).to_contain_text("幸福小区 3号楼2单元502")
    expect(card.locator(".Clock--not_set")).to_contain_text("文件没有规定时限")
    (number,) = fake.only().tickets
    fake.operator_says("师傅下午三点到", "王师傅")
    fake.tell(number, "in_progress", "已经派单")
    expect(page.get_by_text("师傅下午三点到")).to_be_visible()
    expect(page.get_by_text("值班员 王师傅")).to_be_visible()
    expect(page.locator(".Said--notice")).to_contain_text("已经派单")
    expect(card.locator(".State")).to_have_text("办理中")
    page.reload()
    expect(card.locator(".State")).to_have_text("办理中")
    page.get_by_role("button", name="菜单").click()
    page.get_by_role("button", name="我的工单（1）").click()
    expect(page.locator("dialog .Ticket-number")).to_have_text(number)


def test_emergency_can_be_called_with_one_tap(fake: FakeApi, open_page: OpenPage) -> None:
    """The numbers the safety line names are telephone links; the second reply of the turn repeats no buttons."""
    page = begin(fake, open_page).page
    say(page, "家里闻到煤气味了")
    first = page.locator(".Emergency").first
    expect(first).to_be_visible()
    calls = first.locator(".Call")
    assert [calls.nth(n).get_attribute("href") for n in range(calls.count())] == ["tel:119", "tel:120"]
    assert first.locator(".Phone").count() == 2
    expect(page.locator(".Emergency")).to_have_count(2)
    expect(page.locator(".Emergency").nth(1).locator(".Call")).to_have_count(0)


def test_choices_answer_only_the_newest_question(fake: FakeApi, open_page: OpenPage) -> None:
    """A tapped button is sent by its opaque token and shown by its title; the others go away."""
    page = begin(fake, open_page).page
    report_until_contact(page)
    expect(page.get_by_role("button", name="阳光花园")).to_have_count(0)
    expect(mine(page, "幸福小区")).to_have_count(1)
    bodies = [body for body, _ in fake.only().turns.values()]
    assert bodies[1]["choice"] == "choice:幸福小区"
    assert "text" not in bodies[1]
    expect(page.locator(".DraftBar")).to_contain_text("正在登记报修")
    expect(page.get_by_label("输入消息")).to_have_attribute("inputmode", "tel")


def test_place_code_fills_in_the_place(fake: FakeApi, open_page: OpenPage) -> None:
    """/p/<token> begins at once with the place, says whose page this is; a second visit goes on with the same conversation."""
    page = open_page(f"{fake.address}/p/good-place").page
    note = page.locator(".PlaceNote")
    expect(note).to_contain_text("幸福小区 3号楼2单元")
    expect(note).to_contain_text(fake.address.removeprefix("http://"))
    expect(page.locator(".Head-where")).to_have_text("东河区 · 幸福小区 3号楼2单元")
    page.reload()
    expect(note).to_be_visible()
    assert fake.begun == [{"place_token": "good-place", "locale": "zh-CN"}]


def test_unknown_place_code_leads_to_the_choice_of_region(fake: FakeApi, open_page: OpenPage) -> None:
    """A code that does not work is said, and the resident can go on by hand."""
    page = open_page(f"{fake.address}/p/old-code").page
    expect(page.get_by_role("alert")).to_contain_text("这个二维码无效或已停用")
    page.get_by_text("东河区").click()
    page.get_by_role("button", name="开始", exact=True).click()
    expect(page.get_by_text("您好，我是邻答")).to_be_visible()
    assert page.url == f"{fake.address}/"


def test_erasing_forgets_on_both_sides(fake: FakeApi, open_page: OpenPage) -> None:
    """清除我的记录 asks first, deletes on the server, empties this phone and begins anew."""
    page = begin(fake, open_page).page
    say(page, QUESTION)
    expect(page.locator(".Citation")).to_be_visible()
    page.get_by_label("输入消息").fill("草稿")
    page.get_by_role("button", name="菜单").click()
    page.get_by_role("button", name="清除我的记录").click()
    assert len(fake.conversations) == 1
    page.get_by_role("button", name="清除", exact=True).click()
    expect(page.get_by_text("您住在哪个旗县区")).to_be_visible()
    assert fake.conversations == {}
    kept = page.evaluate("JSON.stringify({...localStorage})")
    assert "secret" not in kept
    assert "草稿" not in kept


def await_news(fake: FakeApi, page: Page) -> None:
    """Wait until the page listens to its news: from then on it asks the server for nothing by itself."""
    limit = time.monotonic() + PATIENCE_MS / 1000
    while not fake.listening:
        assert time.monotonic() < limit, "the page never listened to its news"
        page.wait_for_timeout(20)


@pytest.mark.parametrize("noticed_by", ["sending", "news"])
def test_a_conversation_gone_on_the_server_is_said(fake: FakeApi, open_page: OpenPage, noticed_by: str) -> None:
    """A 401 is not silent: the page says so and offers a new beginning, with what could not be said any more."""
    page = begin(fake, open_page).page
    expect(page.locator(".Examples")).to_be_visible()
    await_news(fake, page)
    page.get_by_label("输入消息").fill("还在吗")
    fake.conversations.clear()
    if noticed_by == "sending":
        page.get_by_role("button", name="发送", exact=True).click()
    else:
        fake.streams = False
    expect(page.locator(".Gone")).to_be_visible()
    page.get_by_role("button", name="重新开始").click()
    page.get_by_text("东河区").click()
    page.get_by_role("button", name="开始", exact=True).click()
    expect(page.get_by_label("输入消息")).to_have_value("还在吗")


def test_shaking_fingers_say_things_once(fake: FakeApi, open_page: OpenPage) -> None:
    """Twenty taps on the same button, quick reply or send are one message."""
    page = begin(fake, open_page).page
    report_until_contact(page)
    fake.delay_s = 0.3
    page.evaluate("""() => {
        const button = [...document.querySelectorAll('.Choice')].find((b) => b.textContent === '不留电话');
        for (let n = 0; n < 20; n += 1) button.click();
    }""")
    expect(page.get_by_role("button", name="提交")).to_be_visible()
    page.evaluate("() => { for (let n = 0; n < 20; n += 1) document.querySelector('.Quick-item').click(); }")
    expect(page.locator(".Progress")).to_have_count(0)
    page.get_by_label("输入消息").fill("只说一遍")
    page.evaluate("() => { for (let n = 0; n < 20; n += 1) document.querySelector('.Write-send').click(); }")
    expect(page.get_by_text("您说的是：只说一遍")).to_be_visible()
    expect(page.locator(".Progress")).to_have_count(0)
    assert len(fake.only().turns) == 5


def test_a_refused_choice_can_be_tapped_again(fake: FakeApi, open_page: OpenPage) -> None:
    """When the server refuses a button, the buttons stay open."""
    page = begin(fake, open_page).page
    say(page, REPORT)
    fake.fail = [422]
    page.get_by_role("button", name="幸福小区").click()
    expect(page.locator(".Progress--refused")).to_be_visible()
    page.get_by_role("button", name="阳光花园").click()
    expect(mine(page, "阳光花园")).to_have_count(1)
    expect(page.locator(".Progress--refused")).to_have_count(1)


def test_large_type_is_kept(fake: FakeApi, open_page: OpenPage) -> None:
    """The switch enlarges the text at once and after a reload, without sideways scrolling at 390 pixels."""
    page = begin(fake, open_page).page

    def size() -> float:
        return float(page.locator(".Bubble .Said-text").first.evaluate("e => parseFloat(getComputedStyle(e).fontSize)"))

    before = size()
    with page.expect_response("**/style"):
        page.get_by_role("button", name="大字", exact=True).click()
    assert size() >= 1.2 * before
    assert fake.only().style == "elder"
    page.reload()
    expect(page.get_by_role("button", name="大字", exact=True)).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".Bubble").first).to_be_visible()
    assert size() >= 1.2 * before
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@pytest.mark.parametrize("text", ["<img src=x onerror=alert(1)>", "<script>alert(1)</script>", "[a](javascript:alert(1))"])
def test_markup_is_shown_as_text(fake: FakeApi, open_page: OpenPage, text: str) -> None:
    """What a resident or the server says is never read as HTML."""
    watched = begin(fake, open_page)
    say(watched.page, text)
    expect(watched.page.get_by_text(f"您说的是：{text}")).to_be_visible()
    assert watched.page.locator(".MessageList script, .MessageList img[src=x], .MessageList a").count() == 0
    assert watched.errors == []


def test_ratings_reach_the_server_with_a_reason(fake: FakeApi, open_page: OpenPage) -> None:
    """A thumb up goes at once; a thumb down asks why and sends both together; each can be given once."""
    page = begin(fake, open_page).page
    say(page, QUESTION)
    page.get_by_role("button", name="这个回答有用").click()
    expect(page.get_by_text("谢谢，记下了")).to_be_visible()
    say(page, "依据有哪些")
    page.get_by_role("button", name="这个回答没用").click()
    page.get_by_role("button", name="没答到点上").click()
    expect(page.get_by_text("谢谢，会有人看")).to_be_visible()
    expect(page.locator(".Rating-thumb")).to_have_count(0)
    assert list(fake.only().ratings.values()) == [{"useful": True}, {"useful": False, "reason": "没答到点上"}]


def test_everything_can_be_done_from_the_keyboard(fake: FakeApi, open_page: OpenPage) -> None:
    """Choose, begin, ask, open a source, open and leave the menu, all without a pointer; focus comes back."""
    page = open_page(fake.address, DESKTOP).page
    page.get_by_role("radio", name="东河区").focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name="开始", exact=True).focus()
    page.keyboard.press("Enter")
    field = page.get_by_label("输入消息")
    field.focus()
    page.keyboard.insert_text("第一行")
    page.keyboard.press("Shift+Enter")
    page.keyboard.insert_text(QUESTION)
    page.keyboard.press("Enter")
    expect(page.locator(".Citation")).to_be_visible()
    expect(field).to_have_value("")
    expect(field).to_be_focused()
    page.locator(".Citation-head").focus()
    page.keyboard.press("Enter")
    expect(page.locator("blockquote")).to_be_visible()
    menu = page.get_by_role("button", name="菜单")
    menu.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('dialog').contains(document.activeElement)")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(menu).to_be_focused()


def test_a_long_answer_is_shown_from_its_question(fake: FakeApi, open_page: OpenPage) -> None:
    """After an answer taller than the screen the question is still in sight, so it is read from the top."""
    page = begin(fake, open_page).page
    for _ in range(3):
        say(page, "依据有哪些")
        page.wait_for_timeout(150)
    expect(page.locator(".Citation")).to_have_count(12)
    page.wait_for_timeout(600)
    box = mine(page, "依据有哪些").last.bounding_box()
    assert box is not None
    assert 0 < box["y"] < 250


@pytest.mark.parametrize(
    ("text", "emergency", "links"),
    [
        ("物业电话0472-4123456，或者13800000000。", False, ["04724123456", "13800000000"]),
        ("面积120平方米、110户", False, []),
        ("打119、120，或110。", True, ["119", "120", "110"]),
        ("工单 LD202611200006，票数12345678", False, []),
        ("拨12345热线", False, ["12345"]),
        ("比例是 0.119", True, []),
    ],
)
def test_only_telephone_numbers_become_links(fake: FakeApi, open_page: OpenPage, text: str, emergency: bool, links: list[str]) -> None:
    """Room areas, household counts and ticket numbers are not telephone numbers."""
    page = open_page(fake.address).page
    found = page.evaluate(
        """async ([text, emergency]) => {
            const { PlainText } = await import('/static/plain_text.js');
            return PlainText({ text, emergency }).filter((part) => part.props).map((part) => part.props.href);
        }""",
        [text, emergency],
    )
    assert found == [f"tel:{number}" for number in links]
