"""How many mails a second one worker takes in, beside what any receiver must do: parse, two INSERTs, one commit.

`python -m benchmarks.intake.mail --write docs/benchmarks.md` needs a PostgreSQL server where it may create a database.
"""

import argparse
import email
import tempfile
from email.policy import default
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

from benchmarks import desk
from benchmarks.sizes import SERVER

WANTED = 0.5
_serial = count(1)


def main() -> None:
    arguments = _arguments()
    desk.start_apart(arguments.server)
    from benchmarks import report

    text = _measured(arguments.mails, arguments.rounds)
    print(text)
    if arguments.write:
        report.write(arguments.write, "mail", text)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.intake.mail", description=__doc__)
    parser.add_argument("--mails", type=int, default=100, help="mails of each run")
    parser.add_argument("--rounds", type=int, default=5, help="runs of each")
    parser.add_argument("--server", default=SERVER, metavar="URL", help="where a database may be created")
    parser.add_argument("--write", type=Path, metavar="PAGE", help="put the figures into this page")
    return parser.parse_args()


def _measured(mails: int, rounds: int) -> str:
    """All figures as Markdown; the runs of all are interleaved."""
    from django.conf import settings

    from benchmarks import report
    from benchmarks.databases import Databases
    from benchmarks.measure import Subject, measure, table
    from complaints.intake import pacing

    # One sender of the benchmark writes more than any customer may.
    pacing.wait = lambda *who: 0
    databases = Databases("amends_bench_")
    with tempfile.TemporaryDirectory() as folder:
        settings.MEDIA_ROOT = Path(folder) / "media"
        try:
            databases.create("mail", _fill)
            databases.add_sqlite("sqlite", Path(folder) / "mail.sqlite3")
            _fill()
            subjects = [
                Subject(f"{name}, {database}", partial(run, mails), partial(databases.use, key))
                for database, key in (("PostgreSQL", "mail"), ("SQLite", "sqlite"))
                for name, run in (("bare", bare), ("replies", _replies), ("new matters", _new_matters))
            ]
            figures = measure(subjects, rounds=rounds, warm_up=1)
        finally:
            databases.drop("mail")
    rows = []
    for name, figure in figures.items():
        plain = figures[f"bare, {name.rpartition(', ')[2]}"]
        rows.append([name, f"{mails / figure.ms * 1000:.0f}", figure.queries // mails, f"{plain.times(figure):.2f}"])
    return "\n\n".join(
        [
            f"{report.machine()} {mails} mails a run, each kept as it came, on the disk; median of {rounds} runs.",
            table(["", "a second", "statements a mail", f"of bare (wanted {WANTED})"], rows),
        ]
    )


def _fill() -> None:
    from django.utils import timezone

    from complaints.models import Mailbox, Shop
    from complaints.operations import intake
    from complaints.operations.bootstrap import load_roles
    from knowledge.operations.bootstrap import load_content

    load_roles()
    load_content()
    shop = Shop.objects.create(code="mail", name="晴木家居", platform="own")
    Mailbox.objects.create(shop=shop, address="support@shop.example", since=timezone.localdate())
    for _one in range(20):
        registration = intake.Registration(shop=shop, title="书桌", channel="email", separate=True)
        intake.register(registration, actor=None, now=timezone.now())


def _mail(to: str) -> bytes:
    number = next(_serial)
    words = f"第 {number} 张桌子收到就有划痕。\n\n----------- 原始邮件 -----------\n发件人: 晴木家居\n"
    lines = [
        f"From: =?utf-8?B?546L5bCP5piO?= <buyer{number}@qq.com>",
        f"To: {to}",
        "Subject: =?utf-8?B?5Lmm5qGM5pyJ5YiS55eV?=",
        "Date: Fri, 20 Nov 2026 09:58:00 +0800",
        f"Message-ID: <{number}@qq.com>",
        "MIME-Version: 1.0",
        'Content-Type: multipart/alternative; boundary="=_b"\n',
        "--=_b\nContent-Type: text/plain; charset=gb18030\nContent-Transfer-Encoding: 8bit\n",
        words,
        "--=_b\nContent-Type: text/html; charset=gb18030\nContent-Transfer-Encoding: 8bit\n",
        "<div>桌子</div>" * 40,
        "--=_b--\n",
    ]
    return "\n".join(lines).encode("gb18030").replace(b"\n", b"\r\n")


def take(mails: int, *, answers: bool) -> None:
    """As a worker does: keep, commit, understand, place, settle."""
    from django.utils import timezone

    from complaints.intake.mail import keeping, placing
    from complaints.models import Complaint, Mailbox
    from complaints.models.mail import reply_to

    mailbox = Mailbox.objects.select_related("shop").get()
    cases = list(Complaint.objects.select_related("shop").order_by("pk")[:20])
    addresses = [reply_to(case).encode("ascii", "ignore").decode() for case in cases]
    for number in range(mails):
        now = timezone.now()
        data = _mail(addresses[number % len(addresses)] if answers else mailbox.address)
        kept = keeping.keep(mailbox, data, received_at=now, now=now)
        state = placing.process(kept.pk, now=now).state
        if state != ("joined" if answers else "taken"):
            raise AssertionError(state)


def _replies(mails: int) -> None:
    take(mails, answers=True)


def _new_matters(mails: int) -> None:
    take(mails, answers=False)


def bare(mails: int) -> None:
    """Parse by the standard library, two rows, one commit."""
    from django.db import transaction
    from django.utils import timezone

    from complaints.models import Complaint, ComplaintEvent, Contact

    case = Complaint.objects.order_by("pk")[0]
    for _number in range(mails):
        message: Any = email.message_from_bytes(_mail("support@shop.example"), policy=default)
        text, now = message.get_body(("plain",)).get_content(), timezone.now()
        with transaction.atomic():
            contact = Contact.objects.create(complaint=case, direction="in", channel="email", body=text, at=now)
            ComplaintEvent.objects.create(
                complaint=case, at=now, kind="heard", version=case.version, data={"contact": contact.pk}
            )


if __name__ == "__main__":
    main()
