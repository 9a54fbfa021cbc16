"""Managers edit synonyms; search knows them at once."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from knowledge.models import SynonymChange, SynonymGroup
from knowledge.operations import synonyms

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen")]

LIST = reverse("admin:knowledge_synonymgroup_changelist")
ADD = reverse("admin:knowledge_synonymgroup_add")


def page_of(group: SynonymGroup) -> str:
    return reverse("admin:knowledge_synonymgroup_change", args=[group.pk])


@pytest.fixture
def group(agent: Any, now: datetime) -> SynonymGroup:
    return synonyms.add(["甲醛味", "刺鼻味"], actor=agent, now=now)


@pytest.fixture
def client(user_with: Callable[..., Any], client_for: Callable[[Any], Client]) -> Client:
    return client_for(user_with("knowledge_manager"))


def test_a_new_word_finds_more_at_once(client: Client, case: Callable[..., Any], agent: Any) -> None:
    closed = case("closed", title="青花瓷碗碎裂")
    reader = Client()
    reader.force_login(agent, backend="django.contrib.auth.backends.ModelBackend")
    asked = {"q": "景德镇碗", "kind": "case"}
    assert reader.get(reverse("admin:search"), asked).context["rows"] == []
    assert client.post(ADD, {"words": "景德镇碗\r\n青花瓷碗"}).status_code == 302
    rows = reader.get(reverse("admin:search"), asked).context["rows"]
    assert [row.hit.object_id for row in rows] == [closed.pk]


def test_words_may_be_written_as_people_write_them(client: Client) -> None:
    client.post(ADD, {"words": "景德镇碗 = 青花瓷碗，瓷碗、china bowl\n"})
    assert SynonymGroup.objects.last().words == ["景德镇碗", "青花瓷碗", "瓷碗", "china bowl"]  # type: ignore[union-attr]


def test_what_is_wrong_is_said_and_what_was_typed_is_kept(client: Client) -> None:
    answer = client.post(ADD, {"words": "退錢\n还我钱"})
    assert answer.status_code == 422
    assert "退錢\n还我钱" in answer.content.decode()
    assert not SynonymChange.objects.filter(actor__isnull=False).exists()


def test_a_group_is_switched_off_and_its_history_says_by_whom(client: Client, group: SynonymGroup) -> None:
    answer = client.post(page_of(group), {"words": "甲醛味\n刺鼻味", "seen": synonyms.mark(group)})
    assert answer.status_code == 302
    group.refresh_from_db()
    assert not group.active
    assert "员工" in client.get(page_of(group)).content.decode()


def test_of_two_who_change_a_group_the_second_is_told_and_can_save_again(
    client: Client, group: SynonymGroup, agent: Any, now: datetime
) -> None:
    seen = synonyms.mark(group)
    synonyms.change(group.pk, ["甲醛味", "油漆味"], active=True, seen=seen, actor=agent, now=now)
    typed = {"words": "甲醛味\n胶水味", "active": "on", "seen": seen}
    answer = client.post(page_of(group), typed)
    assert answer.status_code == 422
    assert "胶水味" in answer.content.decode()
    assert "油漆味" in answer.content.decode()
    again = client.post(page_of(group), typed | {"seen": answer.context["form"]["seen"].value()})
    assert again.status_code == 302


def test_who_may_not_edit_changes_nothing(
    staff: dict[str, Any], client_for: Callable[[Any], Client], group: SynonymGroup
) -> None:
    for role, person in staff.items():
        may = role in ("knowledge_manager", "shop_manager")
        posted = client_for(person).post(page_of(group), {"words": "甲醛味", "seen": synonyms.mark(group)})
        assert posted.status_code == (422 if may else 403), role
        assert client_for(person).post(ADD, {"words": "x"}).status_code == (422 if may else 403), role
    assert group.changes.count() == 1


def test_a_group_is_never_deleted(client: Client, group: SynonymGroup) -> None:
    address = reverse("admin:knowledge_synonymgroup_delete", args=[group.pk])
    assert client.post(address, {"post": "yes"}).status_code == 403
    assert client.post(LIST, {"action": "delete_selected", "_selected_action": [group.pk]}).status_code == 405
    assert SynonymGroup.objects.filter(pk=group.pk).exists()


def test_the_list_finds_a_word_however_it_is_spelt(client: Client, group: SynonymGroup) -> None:
    assert client.get(LIST, {"q": "甲醛"}).context["groups"] == [group]
    assert client.get(LIST, {"q": "刺鼻味"}).context["groups"] == [group]
    assert client.get(LIST, {"q": "没有这个词"}).context["groups"] == []


def test_the_list_takes_a_fixed_number_of_queries(client: Client, agent: Any, now: datetime) -> None:
    client.get(LIST)
    taken = set()
    for more in (1, 20):
        for n in range(more):
            synonyms.add([f"甲{more}号{n}", f"乙{more}号{n}"], actor=agent, now=now)
        with CaptureQueriesContext(connection) as captured:
            client.get(LIST)
        taken.add(len(captured))
    assert len(taken) == 1


@pytest.mark.parametrize("key", ["999999", "x", "9" * 30])
def test_a_group_that_does_not_exist_is_not_found(key: str, client: Client) -> None:
    assert client.get(reverse("admin:knowledge_synonymgroup_change", args=[key])).status_code == 404
