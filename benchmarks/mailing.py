"""How fast the outbox is emptied, beside a bare `smtplib` loop that sends the same mails over one connection.

`python -m benchmarks.mailing --write docs/benchmarks.md` needs a PostgreSQL server on which it may create databases.
"""

import argparse
import smtplib
import tempfile
from collections.abc import Callable
from email.message import EmailMessage
from functools import partial
from pathlib import Path

from benchmarks import desk
from benchmarks.sink import MailSink
from benchmarks.sizes import SERVER

WANTED = 0.5
FROM = "Amends <amends@desk.example>"
TEXT = "【P1 紧急】A20261125-0001 首次回复还剩 30 分钟\n店铺：晴木家居天猫店\n买家：王**\n" * 3
HTML = (
    f"<html><body><table>{'<tr><td>A20261125-0001</td><td>首次回复还剩 30 分钟</td></tr>' * 12}</table></body></html>"
)


def main() -> None:
    arguments = _arguments()
    desk.start_apart(arguments.server)
    from benchmarks import report

    with MailSink() as port:
        text = _measured(arguments.mails, arguments.rounds, port)
    print(text)
    if arguments.write:
        report.write(arguments.write, "mailing", text)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.mailing", description=__doc__)
    parser.add_argument("--mails", type=int, default=500, help="mails of each run")
    parser.add_argument("--rounds", type=int, default=7, help="runs of each")
    parser.add_argument("--server", default=SERVER, metavar="URL", help="where a database may be created")
    parser.add_argument("--write", type=Path, metavar="PAGE", help="put the figures into this page")
    return parser.parse_args()


def _measured(mails: int, rounds: int, port: int) -> str:
    """All figures as Markdown; the runs of all are interleaved."""
    from django.conf import settings

    from benchmarks import report
    from benchmarks.databases import Databases
    from benchmarks.measure import Subject, measure, table

    settings.EMAIL_BACKEND = "complaints.outbox.mail.SmtpBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    databases = Databases("amends_bench_")
    with tempfile.TemporaryDirectory() as folder:
        try:
            databases.create("mailing", lambda: None)
            databases.add_sqlite("sqlite", Path(folder) / "mailing.sqlite3")
            bare = Subject("bare", partial(send_bare, mails, port))
            ours = [
                Subject(name, partial(deliver, mails), partial(_provide, partial(databases.use, database), mails))
                for name, database in (("PostgreSQL", "mailing"), ("SQLite", "sqlite"))
            ]
            commits = Subject("commits alone", partial(_commit, mails), partial(databases.use, "mailing"))
            figures = measure([*ours, bare, commits], rounds=rounds, warm_up=1)
        finally:
            databases.drop("mailing")
    rows = [
        [name, f"{mails / figure.ms * 1000:.0f}", figure.queries, f"{figures['bare'].times(figure):.2f}"]
        for name, figure in figures.items()
    ]
    return "\n\n".join(
        [
            f"{report.machine()} {mails} mails of text and HTML a run, one worker, median of {rounds} runs.",
            table(["", "a second", "statements", f"of bare (wanted {WANTED})"], rows),
        ]
    )


def _provide(use: Callable[[], None], mails: int) -> None:
    """So many mails to staff, due now; none of the last run."""
    from django.utils import timezone

    from complaints.models import OutboxMessage
    from complaints.outbox import enqueue

    use()
    OutboxMessage.objects.all().delete()
    now = timezone.now()
    enqueue.enqueue(
        [
            OutboxMessage(
                audience="staff", address=f"agent{number}@staff.example", subject=f"首次回复还剩 30 分钟 {number}",
                body=TEXT, html=HTML, dedup_key=f"benchmark:{number}", created_at=now,
            )
            for number in range(mails)
        ]
    )  # fmt: skip


def deliver(mails: int) -> None:
    """Empty the outbox as the worker does."""
    from complaints.outbox import delivery

    sent = 0
    while tried := delivery.deliver():
        sent += tried
    if sent != mails:
        raise AssertionError(f"{sent} mails sent instead of {mails}")


def _commit(times: int) -> None:
    """So many durable commits of one row on PostgreSQL: what no sender that remembers can do without."""
    from complaints.models import OutboxMessage

    row = OutboxMessage.objects.order_by("pk")[:1].values_list("pk", flat=True)[0]
    for number in range(times):
        OutboxMessage.objects.filter(pk=row).update(attempt=number % 2)


def send_bare(mails: int, port: int) -> None:
    """The same mails, made and sent one after the other."""
    with smtplib.SMTP("127.0.0.1", port) as server:
        for number in range(mails):
            mail = EmailMessage()
            mail["Subject"], mail["From"] = f"首次回复还剩 30 分钟 {number}", FROM
            mail["To"], mail["Message-ID"] = f"agent{number}@staff.example", f"<{number}@desk.example>"
            mail.set_content(TEXT)
            mail.add_alternative(HTML, subtype="html")
            server.send_message(mail)


if __name__ == "__main__":
    main()
