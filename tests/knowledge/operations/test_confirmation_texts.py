"""What buyers are to confirm is looked through like everything else that customers read."""

from typing import Any

import pytest
from django.utils import translation

from knowledge.models import ConfirmationText
from knowledge.operations import confirmation_texts
from knowledge.operations.customer_texts import PlaceholderLeft, TextBlocked

pytestmark = pytest.mark.usefixtures("content")

WORDS = {"code": "MADE-TO-ORDER", "name": "定制", "text": "请确认", "text_en": "Please confirm"}
BLOCKED = "本店拥有最终解释权"


def publish(now: Any, **values: str) -> ConfirmationText:
    return confirmation_texts.publish(**WORDS | values, seen=confirmation_texts.mark(), actor=None, now=now)


@pytest.mark.parametrize("name", ["text", "text_en"])
@pytest.mark.parametrize(
    ("words", "error", "named"),
    [(f"您好。\n{BLOCKED}", TextBlocked, "line 2"), ("请在{deadline}前确认", PlaceholderLeft, "{deadline}")],
)
def test_blocked_words_and_placeholders_are_refused_where_they_stand(
    name: str, words: str, error: Any, named: str, now: Any
) -> None:
    before = ConfirmationText.objects.count()
    with translation.override("en"), pytest.raises(error) as refused:
        publish(now, **{name: words})
    assert refused.value.field == name
    assert named in refused.value.text
    assert ConfirmationText.objects.count() == before


def test_the_default_texts_pass(now: Any) -> None:
    for text in ConfirmationText.objects.in_force():
        again = publish(now, code=text.code, text=text.text, text_en=text.text_en)
        assert (again.number, again.text) == (2, text.text)
