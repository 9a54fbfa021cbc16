"""The address that other systems call: who may, what is kept, and what they are told, first and ever after."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client

from complaints.intake import pacing
from complaints.intake.hooks import payload, repairing, taking, views
from complaints.models import Complaint, Contact, HookChannel, HookDelivery
from complaints.operations import receiving
from tests.crashes import Crash
from tests.factories.hooks import MAPPING, OLD_SECRET, PAYLOAD, SECRET, channel_of, deliver, signature

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen")]


@pytest.fixture(autouse=True)
def _unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is counted, except where a test is about that."""
    monkeypatch.setattr(pacing, "wait", lambda *asked: 0)


@pytest.fixture
def channel(shop: Any) -> HookChannel:
    return channel_of(shop)


def refused(answer: Any, status: int, code: str) -> None:
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    told = json.loads(answer.content)
    assert (told["status"], told["type"]) == (status, f"urn:amends:problem:{code}")
    assert told["detail"]
    assert not HookDelivery.objects.exists()
    assert not Complaint.objects.exists()


# ------------------------------------------------------------------ taken


def test_a_signed_delivery_becomes_a_complaint(channel: HookChannel, now: Any) -> None:
    answer = deliver(PAYLOAD, now=now)
    case = Complaint.objects.get()
    assert (answer.status_code, answer.json()) == (
        200, {"id": "d-1", "result": "registered", "complaint": case.number},
    )  # fmt: skip
    assert (case.shop, case.order.number, case.issue_type.code) == (channel.shop, "405512345678901234", "LOGI-03")
    assert (case.customer.phone, case.customer.name) == ("13812345678", "王小明")
    assert case.received_at == now - timedelta(minutes=30)
    assert Contact.objects.get().source == "hook:erp:d-1"
    kept = HookDelivery.objects.get()
    assert (kept.state, kept.complaint, kept.lease_until) == ("taken", case, None)
    assert json.loads(kept.payload) == PAYLOAD


def test_a_contact_about_an_open_matter_joins_and_the_sender_hears_its_number(channel: HookChannel, now: Any) -> None:
    first = deliver(PAYLOAD, now=now).json()
    second = deliver(PAYLOAD | {"reason": "还没处理"}, now=now, delivery_id="d-2").json()
    assert (second["result"], second["complaint"]) == ("joined", first["complaint"])
    assert HookDelivery.objects.get(delivery_id="d-2").state == "joined"


def test_a_replay_is_answered_like_the_first_time_and_changes_nothing(channel: HookChannel, now: Any) -> None:
    first = deliver(PAYLOAD, now=now)
    again = deliver(PAYLOAD, now=now)
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert (Complaint.objects.count(), Contact.objects.count(), HookDelivery.objects.count()) == (1, 1, 1)


def test_another_body_under_the_same_id_is_refused(channel: HookChannel, now: Any) -> None:
    deliver(PAYLOAD, now=now)
    answer = deliver(PAYLOAD | {"reason": "anders"}, now=now)
    assert (answer.status_code, json.loads(answer.content)["type"]) == (422, "urn:amends:problem:id-used")
    assert Contact.objects.count() == 1


def test_two_channels_may_use_the_same_ids(channel: HookChannel, shop: Any, now: Any) -> None:
    channel_of(shop, code="crm", name="CRM")
    deliver(PAYLOAD, now=now)
    assert deliver(PAYLOAD, now=now, code="crm").json()["result"] == "joined"
    assert Contact.objects.count() == 2


def test_a_payload_that_cannot_be_mapped_is_kept_and_repaired(channel: HookChannel, agent: Any, now: Any) -> None:
    answer = deliver({"order": {"no": "1"}, "note": "桌面裂了"}, now=now)
    assert (answer.status_code, answer.json()) == (202, {"id": "d-1", "result": "kept"})
    kept = HookDelivery.objects.get()
    assert (kept.state, kept.problems) == ("failed", [["text", "missing"]])
    assert "桌面裂了" in kept.payload
    HookChannel.objects.update(mapping={"fields": {"text": {"path": "note"}}})
    assert repairing.again(kept, actor=agent, now=now).state == "taken"
    assert Complaint.objects.get().description == "桌面裂了"
    assert deliver({"order": {"no": "1"}, "note": "桌面裂了"}, now=now).json() == {"id": "d-1", "result": "kept"}


def test_what_the_channel_does_not_want_is_set_aside(channel: HookChannel, now: Any) -> None:
    HookChannel.objects.update(mapping=MAPPING | {"only": {"path": "event", "values": [["refund.asked", ""]]}})
    assert deliver(PAYLOAD, now=now).json()["result"] == "ignored"
    assert not Complaint.objects.exists()


# ------------------------------------------------------------------ refused


def test_a_forged_signature_is_refused(channel: HookChannel, now: Any) -> None:
    refused(deliver(PAYLOAD, now=now, secret="guessed"), 401, "bad-signature")


@pytest.mark.parametrize("late", [-301, 301])
def test_a_delivery_out_of_its_time_is_refused(channel: HookChannel, now: Any, late: int) -> None:
    refused(deliver(PAYLOAD, now=now, stamp=int(now.timestamp()) + late), 401, "too-old")
    assert deliver(PAYLOAD, now=now, stamp=int(now.timestamp()) + late - (1 if late > 0 else -1)).status_code == 200


def test_id_and_time_are_part_of_what_is_signed(channel: HookChannel, now: Any) -> None:
    stamp, body = int(now.timestamp()), json.dumps(PAYLOAD, ensure_ascii=False).encode()
    for signed in (signature(SECRET, "d-2", stamp, body), signature(SECRET, "d-1", stamp - 1, body)):
        refused(deliver(PAYLOAD, now=now, **{"Amends-Signature": signed}), 401, "bad-signature")


@pytest.mark.parametrize(
    "headers",
    [
        {"Amends-Id": ""}, {"Amends-Id": "a b"}, {"Amends-Id": "x" * 101}, {"Amends-Timestamp": "soon"},
        {"Amends-Timestamp": ""}, {"Amends-Signature": ""}, {"Amends-Timestamp": "9" * 20},
    ],
)  # fmt: skip
def test_a_delivery_without_its_headers_is_refused(channel: HookChannel, now: Any, headers: dict[str, str]) -> None:
    refused(deliver(PAYLOAD, now=now, **headers), 401, "missing-signature")


@pytest.mark.parametrize("header", ["v1", "v1,", "v2,abc", "é", "v1,===", "x " * 50])
def test_a_signature_that_is_none_is_refused(channel: HookChannel, now: Any, header: str) -> None:
    refused(deliver(PAYLOAD, now=now, **{"Amends-Signature": header}), 401, "bad-signature")


def test_two_keys_are_good_while_they_are_changed_and_one_afterwards(channel: HookChannel, now: Any) -> None:
    HookChannel.objects.update(previous_secret=OLD_SECRET, previous_until=now + timedelta(hours=1))
    assert deliver(PAYLOAD, now=now, secret=OLD_SECRET).status_code == 200
    assert deliver(PAYLOAD, now=now, delivery_id="d-2").status_code == 200
    assert [row.by_previous_secret for row in HookDelivery.objects.order_by("pk")] == [True, False]
    stamp, body = int(now.timestamp()), json.dumps(PAYLOAD, ensure_ascii=False).encode()
    both = " ".join(signature(secret, "d-3", stamp, body) for secret in ("unknown", SECRET))
    assert deliver(PAYLOAD, now=now, delivery_id="d-3", **{"Amends-Signature": both}).status_code == 200
    HookChannel.objects.update(previous_until=now)
    assert deliver(PAYLOAD, now=now, secret=OLD_SECRET, delivery_id="d-4").status_code == 401


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b" ", 400, "not-json"),
        (b"{", 400, "not-json"),
        (b"[1]", 400, "not-json"),
        ("{\"reason\": \"坏\"}".encode("gb18030"), 400, "not-json"),
        (b'{"reason": "a\x00b"}', 400, "not-json"),
        (b'{"a":' * 30_000, 400, "not-json"),
        (b'{"a": "' + b"x" * payload.MOST_BYTES + b'"}', 413, "too-large"),
    ],
)  # fmt: skip
def test_a_body_that_nobody_can_read_is_refused(
    channel: HookChannel, now: Any, body: bytes, status: int, code: str
) -> None:
    refused(deliver(body, now=now), status, code)


def test_only_json_by_post_to_an_active_channel_is_taken(channel: HookChannel, now: Any) -> None:
    refused(deliver(PAYLOAD, now=now, content_type="text/plain"), 415, "not-json")
    refused(deliver(PAYLOAD, now=now, code="unknown"), 404, "unknown-channel")
    refused(Client().get("/api/v1/hooks/erp"), 405, "method-not-allowed")
    HookChannel.objects.update(active=False)
    refused(deliver(PAYLOAD, now=now), 404, "unknown-channel")


def test_a_name_with_a_nul_is_stored_without_it(channel: HookChannel, now: Any) -> None:
    body = json.dumps(PAYLOAD | {"buyer": {"name": "王\0明"}, "reason": "\ud800"}).encode()
    assert deliver(body, now=now).json()["result"] == "registered"
    assert Complaint.objects.get().customer.name == "王 明"


def test_who_forges_is_slowed_down_and_does_not_lock_the_sender_out(
    channel: HookChannel, now: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    visits: list[tuple[str, ...]] = []

    def wait(rates: str, *who: str) -> int:
        visits.append(who)
        return 7 if who[0] == "hook-forged" else 0

    monkeypatch.setattr(pacing, "wait", wait)
    answer = deliver(PAYLOAD, now=now, secret="guessed")
    assert (answer.status_code, answer["Retry-After"]) == (429, "7")
    assert deliver(PAYLOAD, now=now).status_code == 200
    assert visits == [("hook-forged", "127.0.0.1"), ("hook", "erp")]
    assert views.SIGNED_RATE


def test_a_sender_that_sends_too_much_is_told_how_long_to_wait(
    channel: HookChannel, now: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pacing, "wait", lambda rates, *who: 3)
    answer = deliver(PAYLOAD, now=now)
    refused(answer, 429, "too-many")
    assert answer["Retry-After"] == "3"


# ------------------------------------------------------------------ crashes


def test_a_crash_after_keeping_loses_nothing_and_doubles_nothing(
    channel: HookChannel, now: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*arguments: Any, **named: Any) -> Any:
        raise Crash

    for place in ("work_off", "_settle"):
        with monkeypatch.context() as patched:
            patched.setattr(taking, place, die)
            with pytest.raises(Crash):
                deliver(PAYLOAD, now=now, delivery_id=place)
    assert set(HookDelivery.objects.values_list("state", flat=True)) == {"waiting"}
    assert taking.work_off_abandoned(now=now) == 0, "whoever had them in hand may still come back"
    HookDelivery.objects.update(lease_until=now - timedelta(days=3000))
    assert taking.work_off_abandoned(now=now) == 2
    assert sorted(HookDelivery.objects.values_list("state", flat=True)) == ["joined", "taken"]
    assert (Complaint.objects.count(), Contact.objects.count()) == (1, 2)
    answers = [deliver(PAYLOAD, now=now, delivery_id=place).json()["result"] for place in ("work_off", "_settle")]
    assert sorted(answers) == ["joined", "registered"]


def test_while_one_is_worked_off_the_same_again_is_asked_to_wait(channel: HookChannel, now: Any) -> None:
    text = json.dumps(PAYLOAD)
    digest = taking.digest_of(text.encode())
    taking.keep(channel, "d-1", text, digest=digest, by_previous_secret=False, now=now)
    answer = deliver(text.encode(), now=now)
    assert (answer.status_code, answer["Retry-After"]) == (409, "2")


def test_the_database_going_away_is_told_and_the_delivery_stays(
    channel: HookChannel, now: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*arguments: Any, **named: Any) -> Any:
        raise OperationalError("gone")

    with monkeypatch.context() as patched:
        patched.setattr(receiving, "take_in", away)
        assert deliver(PAYLOAD, now=now).status_code == 503
    HookDelivery.objects.update(lease_until=now - timedelta(days=3000))
    assert deliver(PAYLOAD, now=now).json()["result"] == "registered"


def test_a_delivery_that_breaks_is_tried_again_and_then_shown(
    channel: HookChannel, now: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*arguments: Any, **named: Any) -> Any:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(receiving, "take_in", broken)
    assert deliver(PAYLOAD, now=now).status_code == 202
    for _attempt in taking.WAITS:
        HookDelivery.objects.update(lease_until=now - timedelta(days=3000))
        assert taking.work_off_abandoned(now=now) == 1
    kept = HookDelivery.objects.get()
    assert (kept.state, kept.problems) == ("failed", [["", "broken"]])
    assert taking.work_off_abandoned(now=now) == 0


# ------------------------------------------------------------------ later


def test_all_that_failed_is_processed_again_in_the_background(channel: HookChannel, agent: Any, now: Any) -> None:
    for number in range(3):
        deliver({"note": f"桌面裂了 {number}"}, now=now, delivery_id=f"d-{number}")
    HookChannel.objects.update(mapping={"fields": {"text": {"path": "note"}}})
    assert repairing.all_again(channel, actor=agent, now=now) == 3
    assert taking.work_off_abandoned(now=now) == 3
    assert Complaint.objects.count() == 3
    assert repairing.all_again(channel, actor=agent, now=now) == 0


def test_payloads_are_deleted_when_their_time_is_over_unless_they_wait_for_a_person(
    channel: HookChannel, agent: Any, now: Any
) -> None:
    deliver(PAYLOAD, now=now)
    deliver({"note": "x"}, now=now, delivery_id="failed")
    assert taking.clean(now=now + timedelta(days=channel.keep_days)) == 0
    later = now + timedelta(days=channel.keep_days, seconds=1)
    assert taking.clean(now=later) == 1
    assert dict(HookDelivery.objects.values_list("state", "payload"))["taken"] is None
    assert deliver(PAYLOAD, now=now).json()["result"] == "registered", "the answer outlives the payload"
    repairing.set_aside(HookDelivery.objects.get(state="failed"), actor=agent, now=now)
    assert taking.clean(now=later) == 1
    with pytest.raises(repairing.PayloadGone):
        repairing.again(HookDelivery.objects.get(state="ignored"), actor=agent, now=now)


@pytest.mark.row_locks
@pytest.mark.django_db(transaction=True)
def test_one_delivery_sent_twenty_times_at_once_is_one_complaint(channel: HookChannel, now: Any) -> None:
    from tests.complaints.outbox.test_delivery import in_threads

    answers = in_threads(lambda: deliver(PAYLOAD, now=now), threads=10)
    said = {(answer.status_code, answer.json().get("result")) for answer in answers}
    assert said <= {(200, "registered"), (409, None)}
    assert (Complaint.objects.count(), Contact.objects.count()) == (1, 1)
