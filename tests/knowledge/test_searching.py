"""Queries and the documents that they find: the same ones on both databases."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import Q
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from knowledge import search_sources, searching
from knowledge.models import SearchDocument
from knowledge.operations import indexing, synonyms
from knowledge.search_query import any_of, grouped, parse
from knowledge.search_sources import Entry, Source
from knowledge.searching import CANDIDATES, COUNTED, PAGES, PER_PAGE, Filters
from tests.factories.knowledge import IssueTypeFactory

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
GROUPS = grouped([["碎屏", "屏幕碎裂", "cracked screen"], ["退款", "退钱", "refund"], ["快递", "物流", "包裹"]])

DOCUMENTS = {
    "crack": ("手机碎屏，要求补发", "收到手机壳时手机已经碎屏，型号 AB-123。"),
    "glass": ("钢化膜屏碎", "膜的屏碎了一角。"),
    "apart": ("包装碎了", "外盒碎，屏幕是好的。碎屑很多，屏风没事。"),
    "synonym": ("屏幕碎裂", "客户要求退钱，快递员态度不好。"),
    "english": ("Cracked screen on iPhone15", "Customer wants a refund for item AB-124. Café table."),
    "parcel": ("包裹三天没动", "中通物流停在杭州，订单 2 件。"),
    "traditional": ("螢幕劃痕", "收到時螢幕有劃痕，要求換貨。"),
    "number": ("尺寸 120x60 不符", "标注 1,299 元，15 天无理由。"),
    "border": ("桌面有划", "痕迹明显，已补发桌腿。"),
}

FOUND: dict[str, set[str]] = {
    "碎屏": {"crack", "synonym", "english"},
    '"碎屏"': {"crack"},
    '"屏碎"': {"glass"},
    "屏碎": {"glass"},
    "碎": {"crack", "glass", "apart", "synonym"},
    "屏 碎": {"crack", "glass", "apart", "synonym"},
    "补发": {"crack", "border"},
    "碎屏 补发": {"crack"},
    "碎屏 -补发": {"synonym", "english"},
    "碎屏 -手机 -iphone": {"synonym"},
    "退款": {"synonym", "english"},
    "refund": {"synonym", "english"},
    "Refun": {"english"},
    "cracked screen": {"crack", "synonym", "english"},
    "物流": {"synonym", "parcel"},
    "快递员": {"synonym", "parcel"},
    "AB-123": {"crack"},
    "ab123": {"crack"},
    "AB 123": {"crack"},
    "AB-12": {"crack", "english"},
    "AB-12 ": set(),
    "ＡＢ１２３": {"crack"},
    "123": {"crack"},
    "B-123": set(),
    "iphone": {"english"},
    "iphone 15": {"english"},
    "iPhone15": {"english"},
    "iphone 14": set(),
    "cafe": {"english"},
    "螢幕": {"traditional"},
    "萤幕划痕": {"traditional"},
    "劃痕": {"traditional"},
    "划痕": {"traditional"},
    "120x60": {"number"},
    "120 60": {"number"},
    "1299": set(),
    "1,299": {"number"},
    "15天": {"number"},
    "15天无理由": {"number"},
    "手机壳碎屏了": {"crack"},
    "手机壳 AB-123 碎屏": {"crack"},
    "没有的词": set(),
    "of": set(),
    "OR": set(),
    "-碎屏": set(),
    "": set(),
}


class _Shelf:
    """A source of documents that stand nowhere else."""

    def __init__(self) -> None:
        self.entries: dict[int, Entry] = {}
        self.visible: Q | None = Q()

    def source(self) -> Source:
        return Source(
            kind="shelf", label="shelf", position=99, page="admin:index",
            after=lambda pk, most: [(one, e.stamp) for one, e in sorted(self.entries.items()) if one > pk][:most],
            recent=lambda now: [(one, e.stamp) for one, e in sorted(self.entries.items())],
            read=lambda ids: {one: self.entries[one] for one in ids if one in self.entries},
            visible=lambda user: self.visible,
        )  # fmt: skip

    def put(self, pk: int, title: str, body: str = "", **values: Any) -> None:
        given = {"stamp": "1", "at": NOW} | values
        self.entries[pk] = Entry(title=title, body=body, **given)
        indexing.refresh("shelf", [pk])


@pytest.fixture
def shelf(monkeypatch: pytest.MonkeyPatch) -> Iterator[_Shelf]:
    monkeypatch.setattr(search_sources, "_sources", dict(search_sources._sources))
    made = _Shelf()
    search_sources.register(made.source())
    return made


@pytest.fixture
def find(shelf: _Shelf) -> Callable[..., list[int]]:
    def ids(text: str, *, page: int = 1, **filters: Any) -> list[int]:
        query = parse(text, GROUPS)
        results = searching.search(shelf.source(), query, None, filters=Filters(**filters), page=page)
        return [hit.object_id for hit in results.hits]

    return ids


@pytest.fixture
def library(shelf: _Shelf) -> list[str]:
    for number, (title, body) in enumerate(DOCUMENTS.values()):
        shelf.put(number, title, body)
    return list(DOCUMENTS)


@pytest.mark.parametrize("text", FOUND)
def test_this_query_finds_these_documents(text: str, library: list[str], find: Callable[..., list[int]]) -> None:
    assert {library[one] for one in find(text)} == FOUND[text]


def test_a_phrase_does_not_reach_from_the_title_into_the_text(
    library: list[str], find: Callable[..., list[int]]
) -> None:
    assert library.index("border") not in find('"划痕"')


def test_a_word_in_the_title_counts_more(shelf: _Shelf, find: Callable[..., list[int]]) -> None:
    shelf.put(1, "桌面划痕", "其他内容都与此无关")
    shelf.put(2, "其他问题", "有划痕，也有别的内容")
    assert find("划痕") == [1, 2]


def test_of_equals_the_newer_comes_first(shelf: _Shelf, find: Callable[..., list[int]]) -> None:
    for pk, days in ((1, 0), (2, 2), (3, 1)):
        shelf.put(pk, "桌面划痕", "一样的内容", at=NOW + timedelta(days=days))
    assert find("划痕") == [2, 3, 1]


def test_like_a_text_is_what_shares_words_the_more_the_better(shelf: _Shelf) -> None:
    shelf.put(1, "桌腿划痕", "补发了桌腿")
    shelf.put(2, "桌面划痕", "补发一张新桌面")
    shelf.put(3, "态度不好", "已道歉")
    query = any_of(parse("桌面划痕，要求补发"))
    hits = searching.search(shelf.source(), query, None, filters=Filters()).hits
    assert [hit.object_id for hit in hits] == [2, 1]


def test_filters_by_shop_language_and_type(shelf: _Shelf, find: Callable[..., list[int]]) -> None:
    root = IssueTypeFactory()
    child, other = IssueTypeFactory(parent=root), IssueTypeFactory(parent=root)
    shelf.put(1, "划痕", shop_id=7, language="en", issue_types=[child.pk, root.pk])
    shelf.put(2, "划痕", language="zh-hans", issue_types=[other.pk])
    shelf.put(3, "划痕", shop_id=8, language="zh-hans")
    assert set(find("划痕", shop_id=7)) == {1, 2}
    assert set(find("划痕", language="zh-hans")) == {2, 3}
    assert set(find("划痕", issue_type=child)) == {1, 3}
    assert set(find("划痕", issue_type=root)) == {1, 2, 3}
    assert set(find("划痕", issue_type=IssueTypeFactory())) == {3}


def test_an_issue_type_is_no_word(shelf: _Shelf, find: Callable[..., list[int]]) -> None:
    shelf.put(1, "划痕", issue_types=[12345])
    assert find("12345") == []


def test_what_nobody_may_see_is_not_found_and_not_counted(shelf: _Shelf, find: Callable[..., list[int]]) -> None:
    shelf.put(1, "划痕", shop_id=7)
    shelf.put(2, "划痕", shop_id=8)
    shelf.visible = Q(shop_id__in=[8])
    assert find("划痕") == [2]
    assert searching.count(shelf.source(), parse("划痕"), None, filters=Filters()) == 1
    shelf.visible = None
    assert find("划痕") == []
    assert searching.count(shelf.source(), parse("划痕"), None, filters=Filters()) == 0


def test_a_changed_text_is_found_by_its_new_words_alone(shelf: _Shelf, find: Callable[..., list[int]]) -> None:
    shelf.put(1, "划痕")
    shelf.put(1, "漏水", stamp="2")
    assert (find("划痕"), find("漏水")) == ([], [1])
    assert SearchDocument.objects.filter(kind="shelf").count() == 1


def test_pages_end_and_counts_are_capped(shelf: _Shelf, find: Callable[..., list[int]]) -> None:
    entries = {pk: Entry(title="划痕", body="", stamp="1", at=NOW) for pk in range(1, CANDIDATES + 50)}
    shelf.entries = entries
    indexing.refresh("shelf", list(entries))
    seen = [pk for page in range(1, PAGES + 1) for pk in find("划痕", page=page)]
    assert len(set(seen)) == len(seen) == PER_PAGE * PAGES
    results = searching.search(shelf.source(), parse("划痕"), None, filters=Filters(), page=99)
    assert (results.number, results.pages) == (PAGES, PAGES)
    assert searching.count(shelf.source(), parse("划痕"), None, filters=Filters()) == COUNTED + 1


def test_a_search_takes_as_many_queries_however_much_is_found(shelf: _Shelf, find: Callable[..., list[int]]) -> None:
    for number in (1, 30):
        for pk in range(number):
            shelf.put(pk, "划痕")
        with CaptureQueriesContext(connection) as captured:
            assert find("划痕")
        assert sum(one["sql"].startswith("SELECT") for one in captured) == 4


def test_synonyms_are_those_in_force_and_known_at_once(agent: Any) -> None:
    group = synonyms.add(["甲醛味", "刺鼻味"], actor=agent, now=NOW)
    assert ("甲", "醛", "味") in searching.synonyms()
    with CaptureQueriesContext(connection) as captured:
        searching.synonyms()
    assert len(captured) == 1
    synonyms.change(group.pk, group.words, active=False, seen=synonyms.mark(group), actor=agent, now=NOW)
    assert ("甲", "醛", "味") not in searching.synonyms()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
@given(text=st.text(st.characters() | st.sampled_from("\"'*-()<>&|!:\\ 碎屏ab1,。\0"), max_size=60))
def test_whatever_is_typed_is_no_error(text: str, library: list[str], find: Callable[..., list[int]]) -> None:
    find(text)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100)
@given(title=st.text(max_size=80), body=st.text(max_size=300))
def test_whatever_is_written_can_be_indexed(title: str, body: str, shelf: _Shelf) -> None:
    shelf.put(1, title.replace("\0", ""), body.replace("\0", ""))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100)
@given(phrase=st.text("碎屏膜ab12-，。 ", min_size=1, max_size=8), text=st.text("碎屏膜ab12-，。 ", max_size=30))
def test_a_quoted_phrase_finds_what_contains_its_tokens_in_order(
    phrase: str, text: str, shelf: _Shelf, find: Callable[..., list[int]]
) -> None:
    query = parse(f'"{phrase}"')
    shelf.put(1, "", text)
    told = f" {' '.join(indexing.words_of(shelf.entries[1]).body)} "
    expected = bool(query) and all(f" {' '.join(one.tokens)} " in told for one in query.phrases)
    assert find(f'"{phrase}"') == ([1] if expected else [])
