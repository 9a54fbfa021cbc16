"""Broker, worker and beat as they run in life: what falls due reaches its people, whatever is killed meanwhile."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.utils.translation import gettext

from complaints.outbox.delivery import BATCH
from tests.journeys.background import Background, Database, copy_of, installation
from tests.mail_server import MailServer

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("processes")]

AGENT, LEAD = "agent@staff.example", "team_lead@staff.example"
DUE = 40
DUE_SOON, OVERDUE = "%(kind)s due soon", "%(kind)s overdue"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Database]]:
    with installation(tmp_path_factory.mktemp("journey")) as ready:
        yield ready


@pytest.fixture
def sink() -> Iterator[MailServer]:
    with MailServer() as server:
        yield server


@pytest.fixture
def desk(
    template: tuple[Path, Database], sink: MailServer, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Background]:
    """A desk with a tick of one second, whose mail goes to the sink."""
    values = {"EMAIL_URL": f"smtp://127.0.0.1:{sink.port}"} | getattr(request, "param", {})
    with copy_of(template, tmp_path, **values) as desk:
        yield desk


def everything_sent(desk: Background, number: int) -> Callable[[], bool]:
    return lambda: desk.clerk("outbox") == {"sent": number}


def subject(text: str, number: str, clock: str) -> str:
    """In the language of the desk, as far as it says what happened to which clock."""
    return f"[{number}] {gettext(text) % {'kind': gettext(clock)}}"


def subjects(sink: MailServer, address: str) -> list[str]:
    return [str(mail["Subject"]).partition(" · ")[0].strip() for mail in sink.to(address)]


def test_running_beat_and_worker_warn_tell_the_breach_and_remind_of_the_call_back(
    desk: Background, sink: MailServer
) -> None:
    (soon,) = desk.clerk("register", minutes_ago=100)
    (late,) = desk.clerk("register", minutes_ago=121)
    solved = desk.clerk("resolve", hours_ago=24)
    desk.start("broker", "worker", "beat")
    desk.wait(everything_sent(desk, 6))  # one of them told the customer that the remedy is carried out

    assert sorted(desk.clerk("alerts")) == sorted(
        [
            [soon, "first_response", 80, "agent"],
            [late, "first_response", 100, "agent"],
            [late, "first_response", 100, "team_lead"],
            [solved, "callback", 100, "agent"],
            [solved, "callback", 100, "team_lead"],
        ]
    )
    assert desk.clerk("breaches") == {late: 1, solved: 1}
    warning, breach = subject(DUE_SOON, soon, "first response"), subject(OVERDUE, late, "first response")
    reminder = subject(OVERDUE, solved, "call-back")
    assert sorted(subjects(sink, AGENT)) == sorted([warning, breach, reminder])
    assert sorted(subjects(sink, LEAD)) == sorted([breach, reminder])
    (mail,) = [mail for mail in sink.to(AGENT) if reminder in mail["Subject"]]
    text = gettext(
        "The call-back for complaint %(number)s is due now: "
        "the customer has not been asked yet whether the solution holds."
    )
    plain, layout = (part.get_content() for part in mail.iter_parts())
    assert text % {"number": solved} in plain
    assert text % {"number": solved} in layout


def test_killed_worker_loses_nothing_and_doubles_at_most_the_mail_in_hand(desk: Background, sink: MailServer) -> None:
    numbers = desk.clerk("register", minutes_ago=130, number=DUE)
    desk.start("broker", "worker", "beat")
    in_hand = set()
    for sent in (10, 40):
        sink.hold_after(sent - len(sink.mails))
        desk.wait(lambda: bool(sink.waiting))
        in_hand |= set(sink.waiting)
        desk.kill("worker")
        sink.go_on()
        desk.wait(lambda: not sink.waiting)
        # It had claimed some; only the one in hand had begun.
        claimed = desk.clerk("outbox")["sending"]
        assert 1 <= claimed <= BATCH
        assert desk.clerk("expire_leases") == claimed
        desk.start("worker")
    desk.wait(everything_sent(desk, 2 * DUE))

    arrived = sink.ids()
    assert set(arrived) == set(desk.clerk("message_ids"))
    # The server had their whole text when the worker died: that it comes again is what cannot be prevented.
    assert {message_id: times for message_id, times in arrived.items() if times > 1} == dict.fromkeys(in_hand, 2)
    assert len(in_hand) == 2
    assert desk.clerk("breaches") == dict.fromkeys(numbers, 1)
    alerts = desk.clerk("alerts")
    assert len(alerts) == len({tuple(alert) for alert in alerts}) == 2 * DUE


def test_stopped_worker_finishes_the_mail_in_hand_and_leaves_the_rest_waiting(
    desk: Background, sink: MailServer
) -> None:
    desk.clerk("register", minutes_ago=130, number=5)
    sink.hold_after(3)
    desk.start("broker", "worker", "beat")
    desk.wait(lambda: bool(sink.waiting))
    desk.kill("beat")
    worker = desk.terminate("worker")
    sink.go_on()
    assert worker.wait(20) == 0
    assert desk.clerk("outbox") == {"sent": 4, "pending": 6}
    assert len(sink.mails) == 4

    desk.start("worker", "beat")
    desk.wait(everything_sent(desk, 10))
    assert set(sink.ids().values()) == {1}


def test_flushed_broker_loses_nothing(desk: Background, sink: MailServer) -> None:
    """Once while nobody works, so that the wake-ups are lost for certain, and then in the middle of work."""
    desk.start("broker")
    numbers = desk.clerk("register", minutes_ago=130, number=20)
    reply = desk.clerk("reply", number=numbers[0])
    desk.wait(lambda: desk.waiting_tasks() > 0)
    desk.flush_broker()
    assert desk.waiting_tasks() == 0

    sink.hold_after(5)
    desk.start("worker", "beat")
    desk.wait(lambda: bool(sink.waiting))
    desk.flush_broker()
    sink.go_on()
    # The answered complaint's next clock, a day of verification, has hardly begun.
    desk.wait(everything_sent(desk, 1 + 2 * 19))
    assert set(sink.ids().values()) == {1}
    assert sink.ids()[reply] == 1


@pytest.mark.embedded
def test_broker_that_dies_breaks_no_reply_and_is_found_again(desk: Background, sink: MailServer) -> None:
    """Several times, for it matters what the worker is doing just then."""
    deaths = 3
    first, *numbers = desk.clerk("register", minutes_ago=1, number=1 + deaths)
    desk.start("broker", "worker", "beat")
    desk.clerk("reply", number=first)
    desk.wait(everything_sent(desk, 1))
    for replies, number in enumerate(numbers, start=2):
        desk.kill("broker")
        desk.clerk("reply", number=number)
        desk.start("broker")
        desk.wait(everything_sent(desk, replies))
    assert set(sink.ids().values()) == {1}
    assert desk.running["worker"].poll() is None


@pytest.mark.embedded
def test_broker_that_hangs_costs_a_reply_a_moment_and_is_found_again(desk: Background, sink: MailServer) -> None:
    first, second = desk.clerk("register", minutes_ago=1, number=2)
    desk.start("broker", "worker", "beat")
    desk.clerk("reply", number=first)
    desk.wait(everything_sent(desk, 1))
    os.kill(desk.running["broker"].pid, signal.SIGSTOP)
    started = time.monotonic()
    desk.clerk("reply", number=second)
    # Half a second by design; the rest is for a machine that is busy with other tests.
    assert time.monotonic() - started < 5
    os.kill(desk.running["broker"].pid, signal.SIGCONT)
    desk.wait(everything_sent(desk, 2))
    assert desk.running["worker"].poll() is None


@pytest.mark.parametrize("desk", [{"AMENDS_TICK_SECONDS": "3600"}], indirect=True, ids=["hourly tick"])
def test_reply_by_mail_goes_out_at_once_and_not_with_the_next_tick(desk: Background, sink: MailServer) -> None:
    (number,) = desk.clerk("register", minutes_ago=1)
    desk.start("broker", "worker", "beat")
    message_id = desk.clerk("reply", number=number)
    desk.wait(everything_sent(desk, 1))
    assert sink.ids() == {message_id: 1}
