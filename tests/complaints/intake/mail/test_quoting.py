"""Quoted text of the mail programs in use: folded, never dropped."""

import pytest

from complaints.intake.mail import letter
from tests.factories import mails

OWN = "可以接受补发，请问什么时候寄出？"
OURS = "您好，我们可以为您补发桌面，请问可以吗？"
HEAD = "发件人: 晴木家居 <support@shop.example>\n发送时间: 2026年11月20日 10:00\n收件人: 王小明 <wang@qq.com>\n主题: 您的投诉"

PLAIN = {
    "QQ": f"{OWN}\n\n\n\n------------------ 原始邮件 ------------------\n{HEAD}\n\n{OURS}",
    "QQ with non-breaking spaces": f"{OWN}\n\n------------------\xa0原始邮件\xa0------------------\n{HEAD}\n\n{OURS}",
    "QQ on a phone": f"{OWN}\n\n发自我的iPhone\n\n\n------------------ Original ------------------\n{HEAD}\n\n{OURS}",
    "163": f"{OWN}\n\n\n\n\n\n在 2026-11-20 10:00:00，\"晴木家居\" <support@shop.example> 写道：\n\n{OURS}",
    "163 in English": f"{OWN}\n\nAt 2026-11-20 10:00:00, \"Shop\" <support@shop.example> wrote:\n>{OURS}",
    "163 master": f"{OWN}\n\n---- 回复的原邮件 ----\n| 发件人 | 晴木家居<support@shop.example> |\n| 日期 | 2026年11月20日 10:00 |\n"
    f"| 收件人 | wang@163.com |\n| 主题 | 您的投诉 |\n{OURS}",
    "Gmail zh": f"{OWN}\n\n晴木家居 <support@shop.example> 于2026年11月20日周五 10:00写道：\n\n> {OURS}\n>\n> 晴木家居\n",
    "Gmail en": f"{OWN}\n\nOn Fri, Nov 20, 2026 at 10:00 AM 晴木家居 <support@shop.example>\nwrote:\n\n> {OURS}\n",
    "Outlook zh": f"{OWN}\n\n________________________________\n{HEAD}\n\n{OURS}",
    "Outlook zh, old": f"{OWN}\n\n-----邮件原件-----\n{HEAD}\n\n{OURS}",
    "Outlook en": f"{OWN}\n\nGet Outlook for iOS\n________________________________\nFrom: Shop <support@shop.example>\n"
    f"Sent: Friday, November 20, 2026 10:00 AM\nTo: wang@outlook.com\nSubject: Your complaint\n\n{OURS}",
    "Apple": f"{OWN}\n\n发自我的 iPhone\n\n> 在 2026年11月20日，上午10:00，晴木家居 <support@shop.example> 写道：\n> \n> {OURS}\n",
    "Apple Mail": f"{OWN}\n\n> On 20 Nov 2026, at 10:00, Shop <support@shop.example> wrote:\n> \n> {OURS}\n",
    "Foxmail": f"{OWN}\n\n\n\nwang@foxmail.com\n \n发件人： 晴木家居\n发送时间： 2026-11-20 10:00\n收件人： 王小明\n主题： 您的投诉\n{OURS}",
    "plain": f"{OWN}\n\nOn 2026-11-20 10:00, support@shop.example wrote:\n> {OURS}\n",
    "marked only": f"{OWN}\n\n> {OURS}\n> 晴木家居\n",
    "own words below": f"On 2026-11-20 10:00, support@shop.example wrote:\n> {OURS}\n> 晴木家居\n\n{OWN}\n",
    "Original Message": f"{OWN}\n\n-----Original Message-----\nFrom: Shop\nSent: today\nTo: me\n\n{OURS}",
}  # fmt: skip

HTML = {
    "QQ": f'<div>{OWN}</div><div><br></div><div style="font-size:12px">------------------&nbsp;原始邮件&nbsp;------------------</div>'
    f"<div><b>发件人:</b> 晴木家居</div><div>{OURS}</div>",
    "Gmail": f'<div dir="ltr">{OWN}</div><br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">晴木家居 &lt;'
    f'<a href="mailto:support@shop.example">support@shop.example</a>&gt; 于2026年11月20日周五 10:00写道：<br></div>'
    f'<blockquote class="gmail_quote">{OURS}</blockquote></div>',
    "Outlook": f'<p>{OWN}</p><hr><div id="divRplyFwdMsg" dir="ltr"><b>发件人:</b> 晴木家居<br><b>主题:</b> 您的投诉</div><div>{OURS}</div>',
    "163": f'<div>{OWN}</div><div id="isReplyContent"><p>在 2026-11-20 10:00:00，晴木家居 写道：</p><blockquote>{OURS}</blockquote></div>',
    "Apple": f'<html><body>{OWN}<br><div><blockquote type="cite"><div>在 2026年11月20日，晴木家居 写道：</div><div>{OURS}</div></blockquote></div></body></html>',
    "Foxmail": f'<div>{OWN}</div><blockquote type="cite"><div><b>发件人：</b>晴木家居</div><div>{OURS}</div></blockquote>',
    "Thunderbird": f'<div class="moz-cite-prefix">Am 20.11.2026 um 10:00 wrote:</div><blockquote type="cite">{OURS}</blockquote>',
}  # fmt: skip


@pytest.mark.parametrize("client", PLAIN)
def test_own_words_stand_and_what_is_quoted_is_folded(client: str) -> None:
    read = letter.read(mails.mail(PLAIN[client]))
    assert OWN in read.text
    assert OURS not in read.text
    assert "发自我的" not in read.text
    assert OURS in read.quoted
    assert len(read.text) < 60


@pytest.mark.parametrize("client", HTML)
def test_quotations_are_found_in_html_too(client: str) -> None:
    read = letter.read(mails.mail(HTML[client], kind="text/html"))
    if client == "Thunderbird":  # nothing own: it stays whole
        assert OURS in read.text
    else:
        assert read.text == OWN
        assert OURS in read.quoted


def test_an_answer_point_by_point_stays_whole() -> None:
    text = "> 您可以接受补发吗？\n可以\n> 地址还是原来的吗？\n是的"
    read = letter.read(mails.mail(text))
    assert (read.text, read.quoted) == (text, "")


def test_nothing_is_lost_by_folding() -> None:
    for text in PLAIN.values():
        read = letter.read(mails.mail(text))
        for line in text.split("\n"):
            assert line.strip() in read.text + "\n" + read.quoted


def test_words_that_only_look_like_quotations_stay() -> None:
    for text in ("客服写道：没有货。我很生气", "发件人是谁？\n我没有收到", "尺寸 > 120 厘米"):
        read = letter.read(mails.mail(text))
        assert (read.text, read.quoted) == (text, "")
