"""A sent reply keeps the versions that it was made of, and how much of their words was changed."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from complaints.admin.script_figures import worked
from complaints.models import Complaint, Contact, ScriptUse
from complaints.operations import conversation, scripted
from complaints.operations.promises import Promised
from complaints.operations.scripted import Composed
from complaints.queries.script_use import language_of, last_words
from followups.models import FollowUp
from knowledge.models import ReplyScript, ScriptVersion
from knowledge.operations import scripts
from tests.factories.knowledge import ReplyScriptFactory

TEXT = "您好，接下来我会核对{check_items}，最晚{deadline}给您结果。"
SENT = "您好，接下来我会核对称重记录，最晚今天18:00给您结果。"


@pytest.fixture
def version(content: None) -> ScriptVersion:
    return ReplyScriptFactory(code="X-01", text=TEXT).versions.get()


def reply(complaint: Complaint, body: str, used: list[int], *, actor: Any, now: datetime) -> Contact:
    return scripted.reply(complaint.pk, body, composed=Composed(scripts=used), channel="phone", actor=actor, now=now)


def test_a_reply_keeps_what_it_was_made_of(
    case: Callable[..., Complaint], version: ScriptVersion, agent: Any, now: datetime
) -> None:
    other = ScriptVersion.objects.get(script__code="RESP-ONE")
    body = f"{SENT}\n{other.text.format(shop_name='晴木')}"
    contact = reply(case("verifying"), body, [version.pk, other.pk, version.pk], actor=agent, now=now)
    used = {use.version: use.percent_edited for use in contact.script_uses.all()}
    assert used == {version: 0, other: 0}


def test_the_version_stays_when_another_is_published(
    case: Callable[..., Complaint], version: ScriptVersion, agent: Any, user_with: Callable[..., Any], now: datetime
) -> None:
    contact = reply(case("verifying"), SENT, [version.pk], actor=agent, now=now)
    manager = user_with("knowledge_manager")
    draft = scripts.write(version.script_id, "新文", actor=manager, now=now)
    scripts.submit(version.script_id, seen=draft.mark, actor=manager, now=now)
    scripts.publish(version.script_id, seen=draft.mark, actor=manager, now=now)
    assert contact.script_uses.get().version.text == TEXT


def test_what_was_taken_out_again_was_not_used(
    case: Callable[..., Complaint], version: ScriptVersion, agent: Any, now: datetime
) -> None:
    assert not reply(case("verifying"), "退款已提交", [version.pk], actor=agent, now=now).script_uses.exists()


def test_nobody_names_a_draft_or_what_does_not_exist(
    case: Callable[..., Complaint], version: ScriptVersion, agent: Any, now: datetime
) -> None:
    draft = scripts.write(version.script_id, SENT, actor=agent, now=now)
    contact = reply(case("verifying"), SENT, [draft.pk, 10**15], actor=agent, now=now)
    assert not contact.script_uses.exists()


def test_a_refused_reply_leaves_nothing(
    case: Callable[..., Complaint], version: ScriptVersion, agent: Any, now: datetime
) -> None:
    with pytest.raises(conversation.UnfilledPlaceholder):
        reply(case("verifying"), TEXT, [version.pk], actor=agent, now=now)
    assert not ScriptUse.objects.exists()


def test_the_first_reply_keeps_it_as_well(
    case: Callable[..., Complaint], version: ScriptVersion, agent: Any, now: datetime
) -> None:
    complaint = case("new")
    promise = Promised(text="答复", due_at=now + timedelta(hours=1))
    scripted.accept(
        complaint.pk, composed=Composed(scripts=[version.pk]), body=SENT, channel="phone", promise=promise, actor=agent,
        version=complaint.version, now=now,
    )  # fmt: skip
    assert ScriptUse.objects.get().contact.complaint == complaint


def test_figures_count_uses_edits_and_each_rating_once(
    case: Callable[..., Complaint], version: ScriptVersion, agent: Any, now: datetime, django_assert_num_queries: Any
) -> None:
    complaint = case("awaiting_followup")
    reply(complaint, SENT, [version.pk], actor=agent, now=now)
    reply(complaint, SENT.replace("给您结果", "打电话告诉您"), [version.pk], actor=agent, now=now)
    FollowUp.objects.filter(complaint=complaint).update(satisfaction=4, status="done", done_at=now)
    with django_assert_num_queries(3):
        figures = worked()[version.script_id]
    assert (figures.uses, figures.edited, figures.satisfaction, figures.rated) == (2, 1, 4.0, 1)
    assert figures.percent_edited == 50


@pytest.mark.usefixtures("frozen")
def test_the_reply_panel_tells_which_versions_it_holds(
    case: Callable[..., Complaint], version: ScriptVersion, agent: Any, client_for: Callable[[Any], Client]
) -> None:
    complaint, client = case("verifying"), client_for(agent)
    asked = {"script": "X-01", "body": "", "scripts": f"7 x {'9' * 40}"}
    address = reverse("admin:complaints_complaint_script", args=[complaint.pk])
    part = client.post(address, asked, headers={"HX-Request": "true"}).content.decode()
    assert f'name="scripts" value="7 {version.pk}"' in part
    sheet = client.post(address, asked).content.decode()
    assert f'name="scripts" value="7 {version.pk}"' in sheet
    do = reverse("admin:complaints_complaint_do", args=[complaint.pk, "reply"])
    sent = {"body": SENT, "channel": "phone", "scripts": f"{version.pk} x", "version": _sealed(sheet)}
    assert client.post(do, sent).status_code == 302
    assert ScriptUse.objects.get().version == version


def _sealed(page: str) -> str:
    return page.partition('name="version" value="')[2].partition('"')[0]


# ---------------------------------------------------------------- which ones are offered first


def offered(client: Client, complaint: Complaint, query: str = "") -> list[str]:
    address = reverse("admin:complaints_complaint_scripts", args=[complaint.pk])
    answer = client.get(address, {"script_query": query})
    assert answer.status_code == 200
    return [one.script.code for one in answer.context["scripts"]]


@pytest.fixture
def client(agent: Any, client_for: Callable[[Any], Client]) -> Client:
    return client_for(agent)


def test_the_stage_and_the_order_of_a_talk_come_first(case: Callable[..., Complaint], client: Client) -> None:
    codes = offered(client, case("new"))
    assert codes[0] == "OPEN-01"
    assert codes.index("OPEN-01") < codes.index("ETA-01") < codes.index("CHOICE-AB") < codes.index("OPEN-01-EN")
    assert offered(client, case("executing"))[0] in ("REFUND-01", "RETURN-01", "SHIP-01")


def test_what_is_meant_for_this_type_comes_before_the_rest(case: Callable[..., Complaint], client: Client) -> None:
    complaint = case("new")
    root = complaint.issue_type.parent
    exact, above = ReplyScriptFactory(code="Z-1", step="soothe"), ReplyScriptFactory(code="Y-1", step="soothe")
    _for_all, other = ReplyScriptFactory(code="A-1", step="soothe"), ReplyScriptFactory(code="A-2", step="soothe")
    exact.issue_types.add(complaint.issue_type)
    above.issue_types.add(root)
    other.issue_types.add(*root.__class__.objects.exclude(pk=root.pk).filter(parent=None)[:1])
    codes = [code for code in offered(client, complaint) if code in {"Z-1", "Y-1", "A-1", "A-2"}]
    assert codes == ["Z-1", "Y-1", "A-1", "A-2"]


def test_another_channel_and_what_is_switched_off_stay_behind(case: Callable[..., Complaint], client: Client) -> None:
    complaint = case("new")
    ReplyScriptFactory(code="A-1", step="listen", channels=["social"])
    ReplyScriptFactory(code="A-2", step="listen", channels=[complaint.channel])
    ReplyScriptFactory(code="A-3", active=False)
    codes = offered(client, complaint)
    assert codes[0] == "A-2"
    assert codes.index("A-1") > codes.index("CLOSE-01")
    assert "A-3" not in codes


def test_what_worked_comes_first_among_equals(
    case: Callable[..., Complaint], client: Client, agent: Any, now: datetime
) -> None:
    good, bad = (ReplyScriptFactory(code=code, text=TEXT).versions.get() for code in ("Z-1", "A-1"))
    for version, rating in ((good, 5), (bad, 1)):
        complaint = case("awaiting_followup")
        reply(complaint, SENT, [version.pk], actor=agent, now=now)
        FollowUp.objects.filter(complaint=complaint).update(satisfaction=rating, status="done", done_at=now)
    codes = offered(client, case("new"))
    assert codes.index("Z-1") < codes.index("ETA-01") < codes.index("A-1")


def test_the_customers_language_decides(
    case: Callable[..., Complaint], client: Client, agent: Any, now: datetime
) -> None:
    complaint = case("new")
    conversation.receive(complaint.pk, "Where is my parcel?", channel="email", actor=agent, now=now)
    assert language_of(last_words(complaint)) == "en"
    assert offered(client, complaint)[0] == "OPEN-01-EN"
    conversation.receive(complaint.pk, "包裹 iPhone 到哪里了", channel="email", actor=agent, now=now)
    assert language_of(last_words(complaint)) == "zh-hans"


def test_scripts_are_found_by_all_words(case: Callable[..., Complaint], client: Client) -> None:
    complaint = case("new")
    assert offered(client, complaint, "补发 预计") == ["SHIP-01"]
    assert offered(client, complaint, "ship-01-en") == ["SHIP-01-EN"]
    assert offered(client, complaint, "没有这个词") == []


def test_the_search_costs_the_same_however_many(
    case: Callable[..., Complaint], client: Client, django_assert_max_num_queries: Any
) -> None:
    complaint = case("new")
    offered(client, complaint)
    for number in range(40):
        ReplyScriptFactory(code=f"Z-{number}").issue_types.add(complaint.issue_type)
    with django_assert_max_num_queries(9):
        offered(client, complaint)


def test_only_who_may_reply_is_offered_scripts(
    case: Callable[..., Complaint], user_with: Callable[..., Any], client_for: Callable[[Any], Client]
) -> None:
    address = reverse("admin:complaints_complaint_scripts", args=[case("new").pk])
    assert client_for(user_with("auditor")).get(address).status_code == 403
    assert client_for(user_with("agent", shops=[])).get(address).status_code == 404
    assert ReplyScript.objects.exists()
