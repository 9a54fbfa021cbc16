"""A key opens what it may, for as long as it may; its secret is nowhere (reliability.md, section 3)."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from complaints.models import ApiKey, Complaint, Scope, SettingChange
from complaints.operations import api_keys
from complaints.refusals import Refused
from tests.complaints.intake.api.conftest import Program

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen")]

LIST = "/complaints"


def test_the_secret_is_in_no_table(issued: Any) -> None:
    one = issued()
    secret = one.token.rpartition(one.key.prefix)[2]

    stored = str(ApiKey.objects.values().get()) + str(SettingChange.objects.values().get())
    assert secret not in stored
    assert len(secret) > 43


@pytest.mark.parametrize("token", ["", "am_", "nonsense", "am_aaaaaaaaaa_" + "x" * 43, "am_ä_" + "x" * 43])
def test_a_token_that_is_none_opens_nothing(token: str, shop: Any) -> None:
    answer = Program(token).get(LIST)

    assert (answer.status_code, answer["Content-Type"]) == (401, "application/problem+json")
    assert answer["WWW-Authenticate"].startswith("Bearer")


def test_a_wrong_secret_of_a_known_key_opens_nothing(issued: Any) -> None:
    token = issued().token
    assert Program(token[:-3] + "xyz").get(LIST).status_code == 401


def test_a_session_of_staff_opens_nothing(client_for: Any, staff: Any) -> None:
    assert client_for(staff["shop_manager"]).get("/api/v1/complaints").status_code == 401


def test_no_csrf_token_is_asked_for(issued: Any) -> None:
    strict = Client(enforce_csrf_checks=True, headers={"authorization": f"Bearer {issued().token}"})
    answer = strict.post("/api/v1/complaints", {"text": "坏了"}, content_type="application/json")

    assert answer.status_code == 201
    assert not answer.cookies


@pytest.mark.parametrize(
    ("scope", "allowed"),
    [
        (Scope.READ, (200, 403, 403, 403)),
        (Scope.WRITE, (403, 201, 403, 403)),
        (Scope.EVIDENCE, (403, 403, 422, 403)),
        (Scope.CONFIRM, (403, 403, 403, 422)),
    ],
)
def test_a_key_does_what_its_scopes_say(scope: str, allowed: tuple[int, ...], issued: Any, case: Any) -> None:
    program, one = Program(issued(scope).token), case("new")
    found = (
        program.get(LIST).status_code,
        program.post(LIST, {"text": "坏了"}).status_code,
        program.send_file(f"/complaints/{one.number}/evidence", {"kind": "photo"}).status_code,
        program.post("/confirmations", {}).status_code,
    )
    assert found == allowed


def test_an_expired_and_a_revoked_key_open_nothing(issued: Any, now: Any) -> None:
    expired = issued(expires_at=now)
    revoked = issued()
    api_keys.revoke(revoked.key.pk, actor=None, now=now)

    assert Program(expired.token).get(LIST).status_code == 401
    assert Program(revoked.token).get(LIST).status_code == 401


def test_a_rotated_key_works_with_both_secrets_during_the_overlap(issued: Any, now: Any) -> None:
    old = issued()
    new = api_keys.rotate(old.key.pk, overlap=timedelta(hours=24), actor=None, now=now)
    later = now + timedelta(hours=24)

    assert api_keys.recognise(old.token, now=now) == api_keys.recognise(new.token, now=now) == old.key
    assert api_keys.recognise(old.token, now=later) is None
    assert api_keys.recognise(new.token, now=later) == old.key


def test_without_overlap_the_old_secret_is_dead_at_once(issued: Any, now: Any) -> None:
    old = issued()
    api_keys.rotate(old.key.pk, overlap=timedelta(0), actor=None, now=now)

    assert api_keys.recognise(old.token, now=now) is None


def test_a_revoked_key_gets_no_new_secret(issued: Any, now: Any) -> None:
    one = issued()
    api_keys.revoke(one.key.pk, actor=None, now=now)
    with pytest.raises(Refused):
        api_keys.rotate(one.key.pk, overlap=timedelta(0), actor=None, now=now)


def test_the_last_use_is_written_once_a_minute(issued: Any, now: Any, django_assert_num_queries: Any) -> None:
    key = issued().key
    api_keys.used(key, now=now)
    key.refresh_from_db()
    assert key.last_used_at == now
    with django_assert_num_queries(0):
        api_keys.used(key, now=now + timedelta(seconds=59))
    api_keys.used(key, now=now + timedelta(seconds=60))
    key.refresh_from_db()
    assert key.last_used_at == now + timedelta(seconds=60)


def test_too_many_requests_are_told_to_wait(issued: Any) -> None:
    program = Program(issued(per_minute=2).token)
    answers = [program.get("/issue-types") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[1]["RateLimit"].startswith('"minute";r=0;t=')
    assert 1 <= int(answers[2]["Retry-After"]) <= 61
    assert answers[2].json()["code"] == "too_many_requests"


def test_guessing_keys_is_slowed_by_address(shop: Any) -> None:
    answers = [Program("am_aaaaaaaaaa_" + "x" * 43).get(LIST) for _ in range(21)]
    assert [answer.status_code for answer in answers[-2:]] == [401, 429]


def test_each_change_of_a_key_is_written_down(issued: Any, now: Any) -> None:
    key = issued().key
    key.per_minute, key.scopes = 10, [Scope.READ]
    api_keys.change(key, actor=None, now=now)

    change = SettingChange.objects.filter(subject="apikey").first()
    assert change
    assert change.changes["per_minute"] == [6000, 10]
    assert not Complaint.objects.exists()


def test_the_key_of_a_shop_that_is_closed_opens_nothing(issued: Any, shop: Any) -> None:
    program = Program(issued().token)
    assert program.get(LIST).status_code == 200
    shop.active = False
    shop.save()
    assert program.get(LIST).status_code == 401
