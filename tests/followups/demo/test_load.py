from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.utils import timezone

from complaints import waking
from complaints.models import Evidence, Order, Shop
from complaints.operations.departments import load_departments
from followups.demo import load as loading
from followups.demo.case import Case
from followups.demo.company import read
from followups.demo.load import NameTaken, NotEmpty, load
from followups.demo.script import cues

RECORDS = read("complaints.json")


@pytest.fixture(autouse=True)
def departments(db: None) -> None:
    load_departments()


def test_it_is_refused_where_a_shop_is(shop: Shop) -> None:
    with pytest.raises(NotEmpty):
        load(now=timezone.now(), report=print)
    assert list(Shop.objects.all()) == [shop]
    assert not get_user_model().objects.exists()


def test_it_is_refused_where_an_account_has_a_name_of_the_staff(content: None) -> None:
    get_user_model().objects.create_user("zhoujing")
    with pytest.raises(NameTaken, match="zhoujing"):
        load(now=timezone.now(), report=print)
    assert not Shop.objects.exists()


def test_it_is_refused_where_mail_goes_to_a_server(content: None, settings: Any) -> None:
    settings.EMAIL_BACKEND = "complaints.outbox.mail.SmtpBackend"
    with pytest.raises(CommandError, match="EMAIL_URL"):
        call_command("demo", stdout=StringIO())
    assert not Shop.objects.exists()


def test_the_password_is_another_one_each_time(content: None, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = []
    monkeypatch.setattr(loading, "found", lambda record, *, password: drawn.append(password) or 1 / 0)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            load(now=timezone.now(), report=print)
    assert len(set(drawn)) == 2
    assert min(map(len, drawn)) >= 12


def test_a_failure_half_way_leaves_neither_rows_nor_files(
    content: None, media: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "read", lambda name: RECORDS[9:22] if name == "complaints.json" else read(name))
    monkeypatch.setattr(Case, "accept", _fail_with_files(Case.accept))
    with pytest.raises(ZeroDivisionError):
        load(now=timezone.now(), report=print)
    assert not Shop.objects.exists()
    assert not Order.objects.exists()
    assert (media / "evidence").is_dir()
    assert list((media / "evidence").iterdir()) == []


def _fail_with_files(accept: Any) -> Any:
    def failing(case: Case, now: datetime) -> None:
        accept(case, now)
        if Evidence.objects.exclude(file="").count() >= 2:
            raise ZeroDivisionError

    return failing


@pytest.mark.django_db(transaction=True)
def test_nobody_is_woken_for_what_is_over(content: None, media: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    woken: list[str] = []
    monkeypatch.setattr(waking.current_app, "send_task", lambda task, **_options: woken.append(task))
    monkeypatch.setattr(loading, "read", lambda name: RECORDS[9:12] if name == "complaints.json" else read(name))
    load(now=timezone.now(), report=print)
    assert woken == []
    waking.wake("complaints.tasks.tell")
    assert woken == ["complaints.tasks.tell"]


def test_every_cue_of_a_case_lies_between_its_arrival_and_now() -> None:
    for record in RECORDS:
        hours = [cue.hours for cue in cues(record, now=datetime(2026, 11, 20, 2, 0, tzinfo=UTC))]
        assert 0 < min(hours) <= max(hours) < record["age_hours"], record["key"]
