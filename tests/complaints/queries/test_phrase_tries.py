"""What a rule would have marked in the latest replies that one may see."""

from collections.abc import Callable
from typing import Any

import pytest

from complaints.queries import phrase_tries
from complaints.queries.phrase_tries import tried
from knowledge.linting import RuleSet, RuleSpec
from tests.factories.complaints import ComplaintFactory, ContactFactory, ShopFactory

RULES = RuleSet([RuleSpec(code="R", category="vague", level="warn", scope="listing", patterns=("没准",))])


@pytest.fixture
def agent(user_with: Callable[..., Any]) -> Any:
    return user_with("agent")


def test_only_replies_of_visible_complaints_are_looked_at(agent: Any, shop: Any) -> None:
    case = ComplaintFactory(shop=shop)
    ContactFactory(complaint=case, reply=True, body="没准明天")
    ContactFactory(complaint=case, reply=True, body="明天15:00到")
    ContactFactory(complaint=case, body="没准你们忘了")
    ContactFactory(complaint=case, internal=True, body="没准是包装问题")
    ContactFactory(complaint=case, acknowledgement=True, body="没准")
    ContactFactory(complaint=ComplaintFactory(shop=ShopFactory()), reply=True, body="没准是别家的")
    found = tried(RULES, agent)
    assert (found.looked, found.matched, found.cases) == (2, 1, 1)
    assert [(one.number, "".join(piece.text for piece in one.pieces)) for one in found.shown] == [
        (case.number, "没准明天")
    ]


def test_the_latest_are_looked_at_and_few_are_shown_at_a_constant_cost(
    agent: Any, shop: Any, monkeypatch: pytest.MonkeyPatch, django_assert_max_num_queries: Any
) -> None:
    monkeypatch.setattr(phrase_tries, "REPLIES", 6)
    monkeypatch.setattr(phrase_tries, "SHOWN", 2)
    case = ComplaintFactory(shop=shop)
    for number in range(8):
        ContactFactory(complaint=case, reply=True, body=f"没准{number}")
    tried(RULES, agent)
    with django_assert_max_num_queries(3):
        found = tried(RULES, agent)
    assert (found.looked, found.matched, found.cases) == (6, 6, 1)
    assert ["".join(piece.text for piece in one.pieces) for one in found.shown] == ["没准7", "没准6"]


def test_a_long_reply_is_cut_and_shown_around_its_mark(agent: Any, shop: Any) -> None:
    body = "一" * 200 + "没准" + "二" * 5_000 + "没准"
    ContactFactory(complaint=ComplaintFactory(shop=shop), reply=True, body=body)
    pieces = tried(RULES, agent).shown[0].pieces
    assert [piece.text for piece in pieces] == ["…", "一" * 40, "没准", "二" * 40, "…"]
    assert [piece.text for piece in pieces if piece.finding] == ["没准"]
