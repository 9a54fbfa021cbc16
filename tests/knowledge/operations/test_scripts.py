"""A script goes from draft through review into force; what was in force never changes."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, connection, transaction

from knowledge.models import ReplyScript, ScriptEvent, ScriptVersion
from knowledge.models.script import check_placeholders
from knowledge.operations import scripts
from knowledge.operations.bootstrap import load_content
from knowledge.operations.versions import DraftChanged, DraftOpen, NoDraft, TextMissing, UnderReview
from knowledge.refusals import Refused
from knowledge.versioning import STEPS, CommentMissing, NotInThisStatus, OwnText, Review, Status
from tests.complaints.operations.test_sweeping import together

DETAILS = {
    "name": "告知", "name_en": "Tell", "stage": "accept", "step": "next", "channels": [], "language": "zh-hans",
    "tone": "warm", "issue_types": [],
}  # fmt: skip


@pytest.fixture
def author(user_with: Callable[..., Any]) -> Any:
    return user_with("knowledge_manager")


@pytest.fixture
def colleague(user_with: Callable[..., Any]) -> Any:
    return user_with("knowledge_manager")


@pytest.fixture
def script(author: Any, now: datetime) -> ReplyScript:
    return scripts.create("X-01", "最晚{deadline}答复您。", DETAILS, actor=author, now=now)


def draft(script: ReplyScript) -> ScriptVersion:
    return script.versions.get(status__in=["draft", "review"])


def published(script: ReplyScript, by: Any, now: datetime) -> ScriptVersion:
    scripts.submit(script.pk, seen=draft(script).mark, actor=by, now=now)
    return scripts.publish(script.pk, seen=draft(script).mark, actor=by, now=now)


# ---------------------------------------------------------------- the way into force


@pytest.mark.parametrize("status", Status.values)
@pytest.mark.parametrize("step", STEPS)
def test_every_step_is_possible_from_its_statuses_alone(step: str, status: str) -> None:
    version = ScriptVersion(text="您好", status=status)
    sources, target = STEPS[step]
    if status in sources:
        getattr(version, step)(Review(comment="请改"))
        assert version.status == target
    else:
        with pytest.raises(NotInThisStatus):
            getattr(version, step)(Review(comment="请改"))
        assert version.status == status


def test_nobody_publishes_the_own_text_while_somebody_else_could(
    script: ReplyScript, author: Any, colleague: Any, now: datetime
) -> None:
    scripts.submit(script.pk, seen=draft(script).mark, actor=author, now=now)
    with pytest.raises(OwnText):
        scripts.publish(script.pk, seen=draft(script).mark, actor=author, now=now)
    assert draft(script).status == Status.IN_REVIEW
    version = scripts.publish(script.pk, seen=draft(script).mark, comment="好", actor=colleague, now=now)
    assert (version.status, version.published_at) == (Status.PUBLISHED, now)
    assert [event.kind for event in script.events.all()] == ["published", "submitted", "created"]


@pytest.mark.parametrize("gone", [{"is_active": False}, {"is_staff": False}])
def test_who_is_alone_publishes_the_own_text(
    gone: dict[str, bool], script: ReplyScript, author: Any, colleague: Any, now: datetime
) -> None:
    type(colleague).objects.filter(pk=colleague.pk).update(**gone)
    assert published(script, author, now).status == Status.PUBLISHED


def test_who_changed_the_text_last_is_its_author(
    script: ReplyScript, author: Any, colleague: Any, now: datetime
) -> None:
    scripts.write(script.pk, "今天{deadline}前答复您。", seen=draft(script).mark, actor=colleague, now=now)
    with pytest.raises(OwnText):
        published(script, colleague, now)
    assert scripts.publish(script.pk, seen=draft(script).mark, actor=author, now=now).author == colleague


def test_a_review_sends_back_with_a_word_why(script: ReplyScript, author: Any, colleague: Any, now: datetime) -> None:
    scripts.submit(script.pk, seen=draft(script).mark, actor=author, now=now)
    with pytest.raises(CommentMissing):
        scripts.send_back(script.pk, seen=draft(script).mark, comment=" ", actor=colleague, now=now)
    scripts.send_back(script.pk, seen=draft(script).mark, comment="请写明时间", actor=colleague, now=now)
    assert draft(script).status == Status.DRAFT
    event = script.events.first()
    assert event is not None
    assert (event.kind, event.actor, event.comment) == ("sent_back", colleague, "请写明时间")


def test_a_new_version_retires_the_one_before(script: ReplyScript, author: Any, now: datetime) -> None:
    first = published(script, author, now)
    scripts.write(script.pk, "第二版", actor=author, now=now)
    assert ScriptVersion.objects.in_force().get(script=script) == first
    second = published(script, author, now)
    first.refresh_from_db()
    assert (first.status, second.number) == (Status.RETIRED, 2)
    assert ScriptVersion.objects.in_force().get(script=script) == second


def test_an_old_version_comes_back_as_a_draft(script: ReplyScript, author: Any, now: datetime) -> None:
    first = published(script, author, now)
    scripts.write(script.pk, "第二版", actor=author, now=now)
    with pytest.raises(DraftOpen):
        scripts.restore(script.pk, 1, actor=author, now=now)
    published(script, author, now)
    third = scripts.restore(script.pk, 1, actor=author, now=now)
    assert (third.number, third.text, third.status) == (3, first.text, Status.DRAFT)


def test_a_discarded_draft_makes_room_for_another(script: ReplyScript, author: Any, now: datetime) -> None:
    scripts.discard(script.pk, seen=draft(script).mark, actor=author, now=now)
    with pytest.raises(NoDraft):
        scripts.submit(script.pk, seen="", actor=author, now=now)
    assert scripts.write(script.pk, "再来", actor=author, now=now).number == 2


def test_two_people_do_not_overwrite_each_other(
    script: ReplyScript, author: Any, colleague: Any, now: datetime
) -> None:
    seen = draft(script).mark
    scripts.write(script.pk, "甲", seen=seen, actor=author, now=now)
    for late in (
        lambda: scripts.write(script.pk, "乙", seen=seen, actor=colleague, now=now),
        lambda: scripts.submit(script.pk, seen=seen, actor=colleague, now=now),
        lambda: scripts.write(script.pk, "乙", actor=colleague, now=now),
    ):
        with pytest.raises(DraftChanged):
            late()
    assert draft(script).text == "甲"


def test_a_text_in_review_stands_still(script: ReplyScript, author: Any, now: datetime) -> None:
    version = scripts.submit(script.pk, seen=draft(script).mark, actor=author, now=now)
    with pytest.raises(UnderReview):
        scripts.write(script.pk, "改", seen=version.mark, actor=author, now=now)


def test_details_say_what_was_different(script: ReplyScript, author: Any, now: datetime) -> None:
    assert not scripts.change_details(script.pk, DETAILS, actor=author, now=now)
    assert scripts.change_details(script.pk, DETAILS | {"stage": "close"}, actor=author, now=now)
    event = script.events.first()
    assert event is not None
    assert event.changes == {"stage": ["accept", "close"]}


@pytest.mark.django_db(transaction=True)
def test_of_several_at_once_one_publishes_and_one_begins_a_draft(
    script: ReplyScript, author: Any, user_with: Callable[..., Any], now: datetime
) -> None:
    people = [user_with("knowledge_manager") for _ in range(4)]
    seen = scripts.submit(script.pk, seen=draft(script).mark, actor=author, now=now).mark

    def tried(step: Callable[..., Any], *given: Any, **named: Any) -> Callable[[], str]:
        def run() -> str:
            try:
                step(script.pk, *given, now=now, **named)
            except Refused as refusal:
                return type(refusal).__name__
            return "done"

        return run

    said = together(*(tried(scripts.publish, seen=seen, actor=person) for person in people))
    assert sorted(said) == ["NoDraft", "NoDraft", "NoDraft", "done"]
    said = together(*(tried(scripts.write, f"稿{person.pk}", seen="", actor=person) for person in people))
    assert sorted(said) == ["DraftChanged", "DraftChanged", "DraftChanged", "done"]
    assert script.versions.count() == 2


# ---------------------------------------------------------------- placeholders


@pytest.mark.parametrize("text", ["{finding2}", "{客户}", "{ case_no }", "{Case_no}", "{}", "{case_no}{case__class__}"])
def test_an_unknown_placeholder_cannot_be_saved(text: str, script: ReplyScript, author: Any, now: datetime) -> None:
    with pytest.raises(scripts.PlaceholderUnknown):
        scripts.write(script.pk, text, seen=draft(script).mark, actor=author, now=now)
    with pytest.raises(ValidationError):
        ScriptVersion.objects.create(script=script, number=9, text=text, status=Status.RETIRED)
    assert script.versions.count() == 1


def test_a_text_is_there_and_fits_into_a_reply(script: ReplyScript, author: Any, now: datetime) -> None:
    for text, refusal in ((" \n", TextMissing), ("长" * 4001, scripts.TextTooLong)):
        with pytest.raises(refusal):
            scripts.write(script.pk, text, seen=draft(script).mark, actor=author, now=now)


def test_an_older_text_with_an_unknown_one_gives_way(script: ReplyScript, author: Any, now: datetime) -> None:
    ScriptVersion.objects.filter(script=script).update(text="{old}")
    ScriptVersion.objects.filter(script=script).update(status=Status.PUBLISHED)
    scripts.write(script.pk, "新", actor=author, now=now)
    assert published(script, author, now).number == 2


# ---------------------------------------------------------------- kept by the database


def run(sql: str, *values: Any) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.rowcount


@pytest.mark.parametrize(
    ("column", "value"), [("text", "改写"), ("number", 7), ("author_id", None), ("status", "draft")]
)
def test_a_published_version_never_changes(
    column: str, value: Any, script: ReplyScript, author: Any, now: datetime
) -> None:
    version = published(script, author, now)
    before = ScriptVersion.objects.filter(pk=version.pk).values().get()
    with pytest.raises(DatabaseError):
        run(f"UPDATE knowledge_scriptversion SET {column} = %s WHERE id = %s", value, version.pk)
    with pytest.raises(DatabaseError), transaction.atomic():
        ScriptVersion.objects.filter(pk=version.pk).update(**{column: value})
    with pytest.raises(DatabaseError):
        run("DELETE FROM knowledge_scriptversion WHERE id = %s", version.pk)
    assert ScriptVersion.objects.filter(pk=version.pk).values().get() == before


def test_a_retired_version_does_not_come_back_by_itself(script: ReplyScript, author: Any, now: datetime) -> None:
    first = published(script, author, now)
    scripts.write(script.pk, "第二版", actor=author, now=now)
    published(script, author, now)
    with pytest.raises(DatabaseError):
        run("UPDATE knowledge_scriptversion SET status = 'review' WHERE id = %s", first.pk)


def test_the_history_is_append_only(script: ReplyScript) -> None:
    for sql in ("UPDATE knowledge_scriptevent SET comment = 'x'", "DELETE FROM knowledge_scriptevent"):
        with pytest.raises(DatabaseError, match="append-only"):
            run(sql)
    assert ScriptEvent.objects.filter(script=script).count() == 1


@pytest.mark.parametrize("status", ["published", "draft"])
def test_a_script_has_one_published_and_one_open_version(status: str, script: ReplyScript) -> None:
    ScriptVersion.objects.filter(script=script).update(status=status)
    with pytest.raises(DatabaseError), transaction.atomic():
        ScriptVersion.objects.create(script=script, number=2, text="二", status=status)


# ---------------------------------------------------------------- default content


def test_the_default_scripts_come_published_in_both_languages(content: None) -> None:
    texts = dict(ScriptVersion.objects.in_force().values_list("script__code", "text"))
    chinese = {code for code in texts if not code.endswith("-EN")}
    assert chinese
    assert {f"{code}-EN" for code in chinese} == texts.keys() - chinese
    for version in ScriptVersion.objects.all():
        check_placeholders(version.text)


def test_bootstrap_leaves_what_managers_edited(content: None, user_with: Callable[..., Any], now: datetime) -> None:
    person = user_with("knowledge_manager")
    script = ReplyScript.objects.get(code="OPEN-01-EN")
    scripts.switch(script.pk, active=False, actor=person, now=now)
    scripts.write(script.pk, "Mine", actor=person, now=now)
    ReplyScript.objects.filter(code="ETA-01").update(name="改过")
    assert load_content()["scripts"] == 0
    script.refresh_from_db()
    assert not script.active
    assert [version.number for version in script.versions.all()] == [2, 1]
    assert ReplyScript.objects.get(code="ETA-01").name == "改过"


def test_a_text_that_no_reply_could_be_sent_with_is_not_handed_over(
    script: ReplyScript, author: Any, now: datetime
) -> None:
    seen = script.versions.get().mark
    draft = scripts.write(script.pk, "您好，这是快递的责任。", seen=seen, actor=author, now=now)
    with pytest.raises(scripts.TextBlocked) as refused:
        scripts.submit(script.pk, seen=draft.mark, actor=author, now=now)
    assert "快递的责任" in refused.value.text
    assert script.versions.get(pk=draft.pk).status == "draft"
