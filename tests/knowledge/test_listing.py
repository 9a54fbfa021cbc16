"""What a listing must say, kind by kind, as the default items know it; and how the score comes about."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import knowledge
from knowledge.linting import RuleSet, RuleSpec
from knowledge.listing import POINTS, Assessment, Item, Items, Kind, assess, whole

ON = date(2026, 11, 20)
CONTENT = Path(knowledge.__file__).parent / "content" / "listing_items.json"


def item(row: dict[str, Any]) -> Item:
    return Item(
        code=row["code"], phrases=tuple(row["phrases"]), expressions=tuple(row["expressions"]),
        kinds=frozenset(row["kinds"]),
    )  # fmt: skip


DEFAULTS = Items(item(row) for row in json.loads(CONTENT.read_text(encoding="utf-8")))

SAID = [
    ("SPEC", "规格：350 ml，口径 8 cm"),
    ("SPEC", "尺 寸 ： １２０ × ６０"),
    ("SPEC", "桌面宽120厘米"),
    ("SPEC", "一套 6件装"),
    ("SPEC", "Capacity: 350 ml"),
    ("MATERIAL", "面料：95% 棉，5% 氨纶"),
    ("MATERIAL", "採用304不鏽鋼"),
    ("MATERIAL", "Made of solid oak"),
    ("USAGE", "使用说明：首次使用前请用热水冲洗"),
    ("USAGE", "不可机洗"),
    ("USAGE", "Care instructions: hand wash only"),
    ("DELIVERY", "付款后48小时内发货"),
    ("DELIVERY", "发货时间：下单后 3 个工作日内"),
    ("DELIVERY", "16点前付款，当天发货"),
    ("DELIVERY", "一般三天送达"),
    ("DELIVERY", "Ships within 2 business days"),
    ("PRESALE-DATE", "最晚12月20日发货"),
    ("PRESALE-DATE", "预计发货日期：2026-12-20"),
    ("PRESALE-DATE", "Ships by 20 December"),
    ("PROMO-LIMIT", "活动时间：11月20日至11月30日，每人限2件"),
    ("PROMO-LIMIT", "赠品限量 200 份"),
    ("COUPON-SCOPE", "优惠券仅限本店家具使用，不可叠加"),
    ("COUPON-SCOPE", "满 199 减 20"),
    ("MTO-TIME", "制作周期：确认后 7 个工作日"),
    ("MTO-TIME", "定制需要3-5天"),
    ("MTO-RETURN", "定制商品不支持七天无理由退货"),
    ("MTO-CONFIRM", "下单前请与客服核对刻字内容"),
]

NOT_SAID = [
    ("SPEC", "手工烧制，每一只都不同"),
    ("MATERIAL", "手感很好"),
    ("USAGE", "使用起来很方便"),
    ("DELIVERY", "尽快发货"),
    ("DELIVERY", "发货时间以实际为准"),
    ("DELIVERY", "质保2年"),
    ("PRESALE-DATE", "12月预售，陆续发货"),
    ("PRESALE-DATE", "付款后30天内发货"),
    ("PRESALE-DATE", "活动12月20日开始。陆续发货"),
    ("PROMO-LIMIT", "全场大促"),
    ("COUPON-SCOPE", "领券更优惠"),
    ("MTO-TIME", "每件单独制作，请耐心等候"),
    ("MTO-RETURN", "支持七天无理由退货"),
    ("MTO-CONFIRM", "支持刻字"),
]


def is_said(code: str, text: str) -> bool:
    return all(code not in {one.code for one in DEFAULTS.missing(text, kind)} for kind in Kind.values)


@pytest.mark.parametrize(("code", "text"), SAID)
def test_an_item_is_there_when_the_listing_says_it(code: str, text: str) -> None:
    assert is_said(code, text)


@pytest.mark.parametrize(("code", "text"), NOT_SAID)
def test_words_that_only_look_like_it_are_not_enough(code: str, text: str) -> None:
    assert not is_said(code, text)


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        (Kind.NORMAL, []),
        (Kind.PRESALE, ["PRESALE-DATE"]),
        (Kind.PROMOTION, ["PROMO-LIMIT", "COUPON-SCOPE"]),
        (Kind.MADE_TO_ORDER, ["MTO-TIME", "MTO-RETURN", "MTO-CONFIRM"]),
    ],
)
def test_each_kind_needs_its_items(kind: Kind, more: list[str]) -> None:
    codes = [one.code for one in DEFAULTS.missing("好看的杯子", kind)]
    assert codes == ["SPEC", "MATERIAL", "USAGE", "DELIVERY", *more]


def rule(code: str, level: str, *patterns: str) -> RuleSpec:
    return RuleSpec(code=code, category=code, level=level, scope="listing", patterns=patterns)


def test_the_score_names_each_deduction_and_counts_a_rule_once() -> None:
    rules = RuleSet([rule("ABS", "block", "最好", "第一"), rule("VAGUE", "hint", "左右"), rule("NONE", "warn", "秒杀")])
    items = Items([Item(code="SPEC", phrases=("规格",)), Item(code="CARE", phrases=("保养",))])
    found = assess(whole("最好的杯子", "第一名，最好用。规格 8 左右"), kind="normal", items=items, rules=rules, on=ON)
    assert [(one.source, one.code, one.level, one.points) for one in found.deductions] == [
        ("item", "CARE", "missing", POINTS["missing"]),
        ("word", "ABS", "block", POINTS["block"]),
        ("word", "VAGUE", "hint", POINTS["hint"]),
    ]
    assert found.score == 100 - 15 - 10 - 1


def test_no_listing_has_less_than_nothing_and_a_whole_one_has_all() -> None:
    assert Assessment(missing=tuple(Item(code=str(n)) for n in range(9))).score == 0
    assert Assessment().score == 100


def test_a_title_and_the_text_are_never_read_as_one() -> None:
    rules = RuleSet([rule("ABS", "block", "全国第一", "最好")])
    for title, text, words in [
        ("养生壶 发货范围全国", "第一次使用前请清洗", []),
        ("收纳盒 库存最", "好收纳", []),
        ("收纳盒", "这款用料最\n好了", ["最\n好"]),
    ]:
        checked = whole(title, text)
        found = assess(checked, kind="normal", items=Items([]), rules=rules, on=ON).words
        assert [checked[one.start : one.end] for one in found] == words


def test_rules_for_replies_do_not_mark_listings() -> None:
    only_replies = RuleSpec(code="R", category="R", level="block", scope="reply", patterns=("最好",))
    assert not assess("最好", kind="normal", items=Items([]), rules=RuleSet([only_replies]), on=ON).words


@given(st.text(max_size=300), st.sampled_from(Kind.values), st.integers(0, 20))
def test_the_finder_takes_any_text_and_an_item_that_is_added_is_found(text: str, kind: str, cut: int) -> None:
    before = {one.code for one in DEFAULTS.missing(text, kind)}
    added = {one.code for one in DEFAULTS.missing(text[:cut] + "。规格：1 件。" + text[cut:], kind)}
    assert before <= {one.code for one in DEFAULTS.items if one.needed_for(kind)}
    assert "SPEC" not in added


@given(st.text(" \u200b\u00ad*·", max_size=5))
def test_what_stands_between_chinese_characters_hides_no_item(signs: str) -> None:
    assert is_said("SPEC", f"规{signs}格")
