"""Incoming webhooks in the admin: secrets shown once, the mapping tried out and saved, what failed repaired."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from complaints import waking
from complaints.models import Complaint, HookChannel, HookDelivery, SettingChange, Shop
from complaints.operations import hook_channels
from complaints.roles import ROLES
from tests.factories.hooks import MAPPING, PAYLOAD, SECRET, channel_of, deliver, delivery_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen")]

LIST, ADD = reverse("admin:complaints_hookchannel_changelist"), reverse("admin:complaints_hookchannel_add")
DELIVERIES = reverse("admin:complaints_hookdelivery_changelist")


@pytest.fixture(autouse=True)
def _no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waking, "wake", lambda task: None)


@pytest.fixture
def channel(shop: Shop) -> HookChannel:
    return channel_of(shop)


@pytest.fixture
def manager(user_with: Callable[..., Any], client_for: Callable[[Any], Client]) -> Client:
    return client_for(user_with("shop_manager"))


def page(name: str, row: Any) -> str:
    kind = "hookchannel" if isinstance(row, HookChannel) else "hookdelivery"
    return reverse(f"admin:complaints_{kind}_{name}", args=[row.pk])


def filled(of: Shop, **values: Any) -> dict[str, Any]:
    given = {"name": "旧ERP", "code": "erp", "shop": of.pk, "kind": "api", "keep_days": 90, "active": "on"}
    return given | values


def typed(client: Client, channel: HookChannel, **values: str) -> dict[str, str]:
    """What the mapping page would send, as it stands, with these fields changed."""
    form = client.get(page("mapping", channel)).context["form"]
    sent = {name: form[name].value() or "" for name in form.fields}
    return sent | {name.replace("__", "-"): value for name, value in values.items()}


# ------------------------------------------------------------------ channels


def test_a_new_channel_shows_its_secret_once_and_takes_what_is_signed_with_it(
    shop: Shop, manager: Client, now: Any
) -> None:
    answer = manager.post(ADD, filled(shop))
    made = HookChannel.objects.get()
    text = answer.content.decode()
    assert made.secret in text
    assert f"/api/v1/hooks/{made.code}" in text
    assert "no-store" in answer["Cache-Control"]
    for address in (page("change", made), LIST, page("mapping", made)):
        assert made.secret not in manager.get(address).content.decode()
    HookChannel.objects.update(mapping=MAPPING)
    assert deliver(PAYLOAD, now=now, secret=made.secret).status_code == 200
    change = SettingChange.objects.get()
    assert (change.subject, change.name) == ("hookchannel", "旧ERP")
    assert made.secret not in json.dumps(change.changes)


@pytest.mark.parametrize(
    ("values", "field"),
    [({"code": "a b"}, "code"), ({"shop": "99999"}, "shop"), ({"keep_days": 0}, "keep_days"), ({"kind": "x"}, "kind")],
)
def test_bad_input_is_told_at_its_field(values: Any, field: str, shop: Shop, manager: Client) -> None:
    answer = manager.post(ADD, filled(shop, **values))
    assert field in answer.context["adminform"].form.errors
    assert not HookChannel.objects.exists()


def test_the_code_stays_and_the_rest_can_be_changed(channel: HookChannel, shop: Shop, manager: Client) -> None:
    manager.post(page("change", channel), filled(shop, code="other", name="新ERP", active=""))
    channel.refresh_from_db()
    assert (channel.code, channel.name, channel.active, channel.secret) == ("erp", "新ERP", False, SECRET)
    assert SettingChange.objects.get().changes == {"name": ["旧ERP", "新ERP"], "active": [True, False]}
    assert "新ERP" in manager.get(reverse("admin:complaints_settingchange_changelist")).content.decode()


@pytest.mark.parametrize("hours", [24, 0])
def test_a_new_secret_takes_the_place_of_the_old_one(
    hours: int, channel: HookChannel, manager: Client, now: Any
) -> None:
    answer = manager.post(page("rotate", channel), {"keep": hours})
    channel.refresh_from_db()
    assert channel.secret in answer.content.decode()
    assert channel.secret != SECRET
    expected = (SECRET, now + timedelta(hours=24)) if hours else (None, None)
    assert (channel.previous_secret, channel.previous_until) == expected
    assert deliver(PAYLOAD, now=now, secret=SECRET).status_code == (200 if hours else 401)
    assert SettingChange.objects.get().changes == {"secret": ["***", "***"]}


# ------------------------------------------------------------------ the mapping


def test_a_mapping_is_tried_out_and_nothing_is_written(channel: HookChannel, manager: Client) -> None:
    sample = json.dumps(PAYLOAD, ensure_ascii=False)
    answer = manager.post(
        page("mapping", channel), typed(manager, channel, sample=sample, preview="1", title__path="event")
    )
    outcome = answer.context["outcome"]
    found = {row["path"]: (row["found"], row["value"]) for row in outcome.rows}
    assert outcome.verdict == "new"
    assert found["event"] == ("complaint.created", "complaint.created")
    assert found["reason_code"] == ("7", "LOGI-03")
    assert ("buyer.mobile", "13812345678") in outcome.leaves
    assert not Complaint.objects.exists()
    channel.refresh_from_db()
    assert "title" in channel.mapping["fields"]
    assert channel.mapping["fields"]["title"] == {"path": "title"}


@pytest.mark.parametrize(
    ("sample", "verdict", "refused"),
    [
        ('{"event": "x"}', "failed", False), ("{", "", True), ("[1]", "", True), ("", "", True),
        ('{"messages": [{"text": "<i>&\\u0000\\ud800"}]}', "new", False),
    ],
)  # fmt: skip
def test_what_would_go_wrong_is_shown_before_it_does(
    sample: str, verdict: str, refused: bool, channel: HookChannel, manager: Client
) -> None:
    answer = manager.post(page("mapping", channel), typed(manager, channel, sample=sample, preview="1"))
    outcome = answer.context["outcome"]
    assert (outcome.verdict, bool(outcome.refusal)) == (verdict, refused)
    assert "<i>" not in answer.content.decode().partition('id="mapping-outcome"')[2]


def test_it_is_shown_which_complaint_would_be_joined(channel: HookChannel, manager: Client, now: Any) -> None:
    deliver(PAYLOAD, now=now)
    sample = json.dumps(PAYLOAD)
    answer = manager.post(page("mapping", channel), typed(manager, channel, sample=sample, preview="1"))
    outcome = answer.context["outcome"]
    assert (outcome.verdict, outcome.complaint) == ("joins", Complaint.objects.get())


def test_a_saved_mapping_reads_the_next_delivery_and_its_change_is_recorded(
    channel: HookChannel, manager: Client, now: Any
) -> None:
    HookChannel.objects.update(mapping={})
    sent = typed(
        manager, channel, text__path="note", issue_type__path="kind", issue_type__values="7 ＝ LOGI-03\n* = QUAL-01",
        only__path="event", only__values="created\nupdated", demand__default="换货",
    )  # fmt: skip
    assert manager.post(page("mapping", channel), sent).status_code == 302
    channel.refresh_from_db()
    assert channel.mapping == {
        "fields": {
            "text": {"path": "note"}, "demand": {"default": "换货"},
            "issue_type": {"path": "kind", "values": [["7", "LOGI-03"], ["*", "QUAL-01"]]},
        },
        "only": {"path": "event", "values": [["created", ""], ["updated", ""]]},
    }  # fmt: skip
    deliver({"event": "created", "note": "裂了", "kind": 7}, now=now)
    case = Complaint.objects.get()
    assert (case.description, case.issue_type.code, case.demand) == ("裂了", "LOGI-03", "换货")  # type: ignore[union-attr]
    assert SettingChange.objects.get().changes["mapping.text"] == ["", "note"]
    assert typed(manager, channel)["issue_type-values"] == "7 = LOGI-03\n* = QUAL-01"


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"order_number__path": "a..b"}, "order_number-path"),
        ({"issue_type__values": "7"}, "issue_type-values"),
        ({"issue_type__values": "7 = NONE-99"}, "issue_type-values"),
        ({"text__path": ""}, "text-path"),
        ({"issue_type__default": "NONE-99"}, "issue_type-default"),
        ({"kept": "99999"}, "kept"),
        ({"name__values": "\n".join(f"{n} = x" for n in range(201))}, "name-values"),
    ],
)
def test_a_mapping_that_says_nothing_sensible_is_told_at_its_field(
    values: dict[str, str], field: str, channel: HookChannel, manager: Client
) -> None:
    answer = manager.post(page("mapping", channel), typed(manager, channel, **values))
    assert answer.status_code == 422
    assert field in answer.context["form"].errors
    channel.refresh_from_db()
    assert channel.mapping == MAPPING


def test_of_two_who_change_the_mapping_at_once_the_second_is_told(channel: HookChannel, manager: Client) -> None:
    late = typed(manager, channel, title__path="subject")
    manager.post(page("mapping", channel), typed(manager, channel, title__path="headline"))
    answer = manager.post(page("mapping", channel), late)
    assert answer.status_code == 422
    assert str(hook_channels.MappingChanged.message) in answer.content.decode()
    channel.refresh_from_db()
    assert channel.mapping["fields"]["title"] == {"path": "headline"}


# ------------------------------------------------------------------ deliveries


def test_a_failed_delivery_is_masked_revealed_mended_and_processed_again(
    channel: HookChannel, manager: Client, now: Any
) -> None:
    deliver({"note": "桌面裂了", "phone": "13812345678"}, now=now)
    failed = HookDelivery.objects.get()
    shown = manager.get(page("change", failed)).content.decode()
    assert "13812345678" not in shown
    assert "桌面裂了" not in shown
    assert "13812345678" in manager.post(page("reveal", failed)).content.decode()
    assert SettingChange.objects.get(subject="hookdelivery").changes == {"revealed": [False, True]}
    sent = typed(manager, channel, kept=str(failed.pk), text__path="note", preview="1")
    assert manager.post(page("mapping", channel), sent).context["outcome"].verdict == "new"
    del sent["preview"]
    manager.post(page("mapping", channel), sent)
    manager.post(page("again", failed))
    failed.refresh_from_db()
    assert (failed.state, failed.complaint) == ("taken", Complaint.objects.get())
    assert Complaint.objects.get().description == "桌面裂了"
    manager.post(page("again", failed))
    assert Complaint.objects.count() == 1


def test_deliveries_are_set_aside_and_all_failed_ones_processed_again(channel: HookChannel, manager: Client) -> None:
    rows = [delivery_of(channel, n, payload={"a": 1}, state="failed", problems=[["text", "missing"]]) for n in range(3)]
    manager.post(page("aside", rows[0]))
    manager.post(reverse("admin:complaints_hookchannel_again", args=[channel.pk]))
    states = list(HookDelivery.objects.order_by("pk").values_list("state", flat=True))
    assert states == ["ignored", "waiting", "waiting"]


def test_what_cannot_be_read_any_more_is_told(channel: HookChannel, manager: Client) -> None:
    gone = delivery_of(channel, payload=None, state="taken")
    HookDelivery.objects.update(payload=None)
    assert manager.get(page("change", gone)).status_code == 200
    manager.post(page("again", gone))
    assert HookDelivery.objects.get().state == "taken"


def test_lists_and_pages_take_the_same_few_queries_whatever_there_is(
    channel: HookChannel, shop: Shop, manager: Client
) -> None:
    def queries(address: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert manager.get(address).status_code == 200
        return len(captured)

    delivery_of(channel, 0, state="failed", problems=[["text", "missing"]])
    addresses = [LIST, DELIVERIES, page("change", channel), page("mapping", channel)]
    manager.get(LIST)
    few = [queries(address) for address in addresses]
    for n in range(1, 25):
        delivery_of(channel, n, state="failed" if n % 2 else "taken", problems=[["text", "missing"]])
        channel_of(shop, code=f"c{n}", name=f"渠道{n}")
    assert [queries(address) for address in addresses] == few
    assert max(few) <= 16


# ------------------------------------------------------------------ who may


def test_who_sees_and_who_changes(
    channel: HookChannel, staff: dict[str, Any], client_for: Callable[[Any], Client], shop: Shop
) -> None:
    failed = delivery_of(channel, state="failed")
    seen = [LIST, page("change", channel), page("mapping", channel), DELIVERIES, page("change", failed)]
    changing = [
        ADD, page("change", channel), page("mapping", channel), page("rotate", channel), page("again", failed),
        page("aside", failed), page("reveal", failed), reverse("admin:complaints_hookchannel_again", args=[channel.pk]),
    ]  # fmt: skip
    for role in set(ROLES) - {"shop_manager"}:
        client = client_for(staff[role])
        for address in seen:
            assert client.get(address).status_code == (200 if role == "auditor" else 403), (role, address)
        for address in changing:
            assert client.post(address, filled(shop, name="forged")).status_code == 403, (role, address)
    assert not SettingChange.objects.exists()
    assert HookDelivery.objects.get().state == "failed"
    assert HookChannel.objects.get().name == "旧ERP"


def test_channels_of_other_shops_do_not_exist(
    channel: HookChannel, user_with: Callable[..., Any], client_for: Callable[[Any], Client]
) -> None:
    failed = delivery_of(channel, state="failed")
    person = user_with("shop_manager", shops=[])
    assert HookChannel.objects.visible_to(person).exists(), "shop managers see all shops"
    agent = user_with("agent", shops=[])
    assert not HookChannel.objects.visible_to(agent).exists()
    assert not HookDelivery.objects.visible_to(agent).exists()
    assert HookDelivery.objects.visible_to(user_with("agent")).get() == failed


def test_forms_from_elsewhere_and_deletions_are_refused(
    channel: HookChannel, user_with: Callable[..., Any], manager: Client
) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(user_with("shop_manager"), backend="django.contrib.auth.backends.ModelBackend")
    failed = delivery_of(channel, state="failed")
    for address in (ADD, page("mapping", channel), page("rotate", channel), page("reveal", failed)):
        assert strict.post(address, {}).status_code == 403
    assert manager.post(page("delete", channel), {"post": "yes"}).status_code == 403
    assert manager.post(page("delete", failed), {"post": "yes"}).status_code == 403
    for address in (page("rotate", channel), page("again", failed), page("aside", failed), page("reveal", failed)):
        assert manager.get(address).status_code == 302
    assert HookDelivery.objects.get().state == "failed"
