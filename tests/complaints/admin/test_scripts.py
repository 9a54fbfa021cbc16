"""Managers keep the scripts, a second one publishes, everybody else reads; each try is on a case that one may see."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from complaints.models import Complaint, ReplyReview, ScriptUse, Shop
from complaints.queries.quality_figures import WEEK, Mean
from complaints.roles import ROLES
from knowledge.models import ReplyScript, ScriptVersion
from knowledge.operations import scripts
from knowledge.versioning import Status
from tests.factories.knowledge import ReplyScriptFactory
from tests.factories.quality import MONDAY, drawn, scored

pytestmark = pytest.mark.usefixtures("frozen")

LIST = "admin:knowledge_replyscript_changelist"
WRITERS = {"knowledge_manager", "shop_manager"}
READERS = WRITERS | {"agent", "team_lead", "supervisor"} | {"legal", "quality_inspector", "auditor"}
NEW = {
    "code": "X-02", "name": "新话术", "stage": "accept", "step": "next", "language": "zh-hans", "tone": "warm",
    "text": "受理号 {case_no}",
}  # fmt: skip


@pytest.fixture
def script(content: None) -> ReplyScript:
    return ReplyScriptFactory(code="X-01", name="试", text="{customer_name}您好，最晚{deadline}答复您。")


def page(name: str, *args: Any) -> str:
    return reverse(f"admin:knowledge_replyscript_{name}", args=args)


def draft(script: ReplyScript) -> ScriptVersion:
    return script.versions.get(status__in=["draft", "review"])


@pytest.fixture
def author(user_with: Callable[..., Any]) -> Any:
    return user_with("knowledge_manager")


@pytest.fixture
def manager(author: Any, client_for: Callable[[Any], Client]) -> Client:
    return client_for(author)


# ---------------------------------------------------------------- who may


def test_pages_open_for_their_roles(
    script: ReplyScript, staff: dict[str, Any], client_for: Callable[[Any], Client]
) -> None:
    reading = [page("change", script.pk), page("diff", script.pk), page("version", script.pk, 1)]
    writing = [page("add"), page("details", script.pk)]
    for addresses, allowed in ((reading, READERS), (writing, WRITERS)):
        for address in addresses:
            for role, person in staff.items():
                assert client_for(person).get(address).status_code == (200 if role in allowed else 403), (role, address)


@pytest.mark.parametrize("role", sorted(set(ROLES) - WRITERS))
def test_forged_posts_change_nothing(
    role: str, script: ReplyScript, author: Any, user_with: Callable[..., Any], client_for: Any, now: Any
) -> None:
    scripts.write(script.pk, "草稿", actor=author, now=now)
    scripts.submit(script.pk, seen=draft(script).mark, actor=author, now=now)
    client, before = client_for(user_with(role)), list(ScriptVersion.objects.values())
    seen = {"seen": draft(script).mark, "comment": "x", "version": "1"}
    for step in ("submit", "publish", "send_back", "discard", "restore", "on", "off"):
        assert client.post(page("do", script.pk, step), seen).status_code == 403
    for address in (page("change", script.pk), page("add"), page("details", script.pk)):
        assert client.post(address, NEW).status_code == 403
    assert list(ScriptVersion.objects.values()) == before
    script.refresh_from_db()
    assert (script.name, script.active) == ("试", True)


def test_steps_are_posts_and_known_ones(script: ReplyScript, manager: Client) -> None:
    assert manager.get(page("do", script.pk, "off")).status_code == 405
    assert manager.post(page("do", script.pk, "retire")).status_code == 404
    assert manager.post(page("do", 99999, "off")).status_code == 404
    assert manager.post(page("do", script.pk, "restore"), {"version": "77"}).status_code == 404


# ---------------------------------------------------------------- writing


def test_a_script_is_written_reviewed_and_published(
    manager: Client, user_with: Callable[..., Any], client_for: Callable[[Any], Client]
) -> None:
    answer = manager.post(page("add"), NEW)
    script = ReplyScript.objects.get(code="X-02")
    assert answer["Location"] == page("change", script.pk)
    colleague = client_for(user_with("shop_manager"))
    text = {"text": "您的受理号 {case_no}", "seen": draft(script).mark, "submit": "1"}
    manager.post(page("change", script.pk), text)
    assert draft(script).status == Status.IN_REVIEW
    own = manager.get(page("change", script.pk)).content.decode()
    assert "disabled" in own.partition("/do/publish/")[2][:40]
    manager.post(page("do", script.pk, "publish"), {"seen": draft(script).mark})
    assert draft(script).status == Status.IN_REVIEW
    colleague.post(page("do", script.pk, "publish"), {"seen": draft(script).mark, "comment": "好"})
    version = ScriptVersion.objects.in_force().get(script=script)
    assert version.text == "您的受理号 {case_no}"
    assert "好" in colleague.get(page("change", script.pk)).content.decode()


@pytest.mark.parametrize("text", ["{客户}您好", "", "{case_number}"])
def test_what_cannot_be_saved_stays_typed(text: str, script: ReplyScript, manager: Client) -> None:
    answer = manager.post(page("change", script.pk), {"text": text, "seen": ""})
    assert answer.status_code == 422
    assert f"{text}</textarea>" in answer.content.decode()
    assert script.versions.count() == 1
    assert manager.post(page("add"), NEW | {"text": text}).status_code == 422
    assert not ReplyScript.objects.filter(code="X-02").exists()


def test_what_is_not_handed_over_is_not_saved_and_can_be_mended(script: ReplyScript, manager: Client) -> None:
    typed = {"text": "这是快递的责任。", "seen": "", "submit": "1"}
    answer = manager.post(page("change", script.pk), typed)
    assert answer.status_code == 422
    assert script.versions.count() == 1
    mended = typed | {"text": "我们来查。", "seen": answer.context["text"]["seen"].value()}
    assert manager.post(page("change", script.pk), mended).status_code == 302
    assert draft(script).text == "我们来查。"


def test_a_code_is_taken_once(script: ReplyScript, manager: Client) -> None:
    assert manager.post(page("add"), NEW | {"code": "X-01"}).status_code == 422
    assert manager.post(page("add"), NEW | {"code": "x 01"}).status_code == 422


def test_a_draft_changed_meanwhile_is_shown_beside_what_was_typed(
    script: ReplyScript, manager: Client, user_with: Callable[..., Any], now: Any
) -> None:
    scripts.write(script.pk, "同事的稿", actor=user_with("shop_manager"), now=now)
    answer = manager.post(page("change", script.pk), {"text": "我的稿", "seen": ""})
    shown = answer.content.decode()
    assert answer.status_code == 422
    assert "同事的稿" in shown
    assert "我的稿</textarea>" in shown
    assert f'value="{draft(script).mark}"' in shown


def test_what_was_typed_into_a_draft_that_is_in_review_by_now_can_be_copied(
    script: ReplyScript, author: Any, manager: Client, now: Any
) -> None:
    draft = scripts.write(script.pk, "别人的草稿", actor=author, now=now)
    scripts.submit(script.pk, seen=draft.mark, actor=author, now=now)
    answer = manager.post(page("change", script.pk), {"text": "写了很久的正文", "seen": draft.mark})
    assert answer.status_code == 422
    assert "写了很久的正文</textarea>" in answer.content.decode()
    assert script.versions.get(status="review").text == "别人的草稿"


def test_who_wrote_a_draft_reads_why_it_came_back(
    script: ReplyScript, author: Any, manager: Client, user_with: Callable[..., Any], now: Any
) -> None:
    scripts.write(script.pk, "草稿", actor=author, now=now)
    scripts.submit(script.pk, seen=draft(script).mark, actor=author, now=now)
    who = {"actor": user_with("shop_manager"), "now": now}
    scripts.send_back(script.pk, seen=draft(script).mark, comment="请写明时间", **who)
    assert manager.get(page("change", script.pk)).context["returned"].comment == "请写明时间"
    scripts.write(script.pk, "今天18:00前", seen=draft(script).mark, actor=author, now=now)
    assert manager.get(page("change", script.pk)).context["returned"] is None


def test_details_take_effect_at_once(script: ReplyScript, manager: Client) -> None:
    chosen = NEW | {"name": "改名", "channels": ["email", "phone"], "stage": "close"}
    assert manager.post(page("details", script.pk), chosen).status_code == 302
    script.refresh_from_db()
    assert (script.name, script.channels, script.stage, script.code) == ("改名", ["email", "phone"], "close", "X-01")


def test_a_text_is_shown_as_text(script: ReplyScript, author: Any, manager: Client, now: Any) -> None:
    scripts.write(script.pk, "<b>{case_no}</b>", actor=author, now=now)
    for address in (page("change", script.pk), page("diff", script.pk), page("version", script.pk, 2)):
        shown = manager.get(address).content.decode()
        assert "<b>" not in shown.replace("<b>", "", 0).partition("script-said")[2][:400]
        assert "&lt;" in shown


def test_a_difference_is_told_by_words(script: ReplyScript, author: Any, manager: Client, now: Any) -> None:
    scripts.write(script.pk, "{customer_name}您好，今天{deadline}答复您。", actor=author, now=now)
    shown = manager.get(page("diff", script.pk)).content.decode()
    assert "<del>最晚</del><ins>今天</ins>" in shown


# ---------------------------------------------------------------- trying out


@pytest.fixture
def supervisor(user_with: Callable[..., Any], client_for: Callable[[Any], Client]) -> Client:
    return client_for(user_with("shop_manager"))


def test_a_draft_is_tried_on_a_real_case(
    script: ReplyScript, case: Callable[..., Complaint], supervisor: Client
) -> None:
    complaint = case("new")
    typed = {"text": "单号{case_no}，{finding}", "case": complaint.number, "preview": "1"}
    shown = supervisor.post(page("change", script.pk), typed).content.decode()
    assert f'<span class="script-fact">{complaint.number}</span>' in shown
    assert '<mark class="script-gap">{finding}</mark>' in shown
    assert script.versions.count() == 1


def test_somebody_elses_case_is_none(
    script: ReplyScript, case: Callable[..., Complaint], user_with: Callable[..., Any], client_for: Any, manager: Client
) -> None:
    complaint = case("new")
    elsewhere = Shop.objects.create(code="jd", name="别家店", platform="jd")
    stranger = client_for(user_with("agent", shops=[elsewhere]))
    address = page("version", script.pk, 1)
    shown = stranger.get(address, {"case": complaint.number}).content.decode()
    assert complaint.issue_type.name not in shown
    assert "field-error" in shown
    # Who sees no complaint at all tries scripts on the examples.
    shown = manager.get(address, {"case": complaint.number}).content.decode()
    assert '<span class="script-fact">陈女士</span>' in shown


# ---------------------------------------------------------------- the list


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"status": "draft"}, {"X-01"}),
        ({"status": "unpublished"}, set()),
        ({"language": "en", "stage": "close"}, {"CLOSE-01-EN"}),
        ({"q": "试 草稿"}, {"X-01"}),
        ({"q": "没有的词"}, set()),
        ({"status": "off"}, {"ETA-01"}),
        ({"issue_type": "9" * 30, "stage": "followup", "language": "en"}, {"FU-24H-EN", "FU-UNSAT-EN"}),
    ],
)
def test_the_list_is_filtered(
    asked: dict[str, str], found: set[str], script: ReplyScript, author: Any, manager: Client, now: Any
) -> None:
    scripts.write(script.pk, "草稿", actor=author, now=now)
    scripts.switch(ReplyScript.objects.get(code="ETA-01").pk, active=False, actor=author, now=now)
    rows = manager.get(reverse(LIST), asked).context["rows"]
    assert {row.script.code for row in rows} == found


def test_a_type_is_found_by_the_one_above(manager: Client) -> None:
    root = ReplyScript.objects.get(code="EMP-DAMAGE").issue_types.first().parent  # type: ignore[union-attr]
    rows = manager.get(reverse(LIST), {"issue_type": root.pk}).context["rows"]
    assert "EMP-DAMAGE" in {row.script.code for row in rows}
    assert len(rows) == len({row.script.pk for row in rows})


def test_the_list_costs_the_same_however_long(
    manager: Client, author: Any, now: Any, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    manager.get(reverse(LIST))
    for number in range(30):
        made = ReplyScriptFactory(code=f"Z-{number}")
        scripts.write(made.pk, "草稿", actor=author, now=now)
    with django_assert_max_num_queries(12):
        manager.get(reverse(LIST))


def test_the_page_of_a_script_costs_the_same_however_old(
    script: ReplyScript, supervisor: Client, author: Any, now: Any, case: Any, django_assert_max_num_queries: Any
) -> None:
    case("new")
    for number in range(12):
        draft_ = scripts.write(script.pk, f"第{number}稿", actor=author, now=now)
        scripts.discard(script.pk, seen=draft_.mark, actor=author, now=now)
    supervisor.get(page("change", script.pk))
    with django_assert_max_num_queries(18):
        supervisor.get(page("change", script.pk))


# ---------------------------------------------------------------- how it has done


def test_the_page_shows_how_replies_made_of_it_were_scored_lately(
    script: ReplyScript, manager: Client, case: Callable[..., Any], agent: Any, user_with: Any, client_for: Any
) -> None:
    """To whoever may see the scores or keeps the scripts, in one query whatever there is of them."""

    def shown(client: Client) -> tuple[int, Any]:
        with CaptureQueriesContext(connection) as captured:
            answer = client.get(page("change", script.pk))
        return len(captured), answer.context["quality"]

    inspector = user_with("quality_inspector")
    client = client_for(inspector)
    client.get(page("change", script.pk))
    before, quality = shown(client)
    assert quality == Mean()
    version, complaint = script.versions.get(), case("verifying")
    for lost in (0, 1):
        review = scored(complaint, agent, inspector, empathy=lost)
        ScriptUse.objects.create(contact=review.contact, version=version, percent_edited=0)
    old = drawn(complaint, agent, monday=MONDAY - 20 * WEEK)
    ReplyReview.objects.filter(pk=old.pk).update(status="scored", percent=1)
    ScriptUse.objects.create(contact=old.contact, version=version, percent_edited=0)
    taken, quality = shown(client)
    assert (taken, quality.n) == (before, 2)
    percents = ReplyReview.objects.exclude(pk=old.pk).values_list("percent", flat=True)
    assert quality.percent == pytest.approx(sum(percents) / 2)
    assert shown(manager)[1] == quality
    assert shown(client_for(user_with("agent", shops=[])))[1] == Mean()
