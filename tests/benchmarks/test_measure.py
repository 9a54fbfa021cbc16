"""How figures come about, without looking at the time."""

from pathlib import Path

import pytest
from django.db import connection

from benchmarks import report
from benchmarks.measure import Figure, Subject, indexes_in, measure, statements, table
from complaints.models import Shop


def test_runs_are_interleaved_and_prepared(db: None) -> None:
    seen: list[str] = []
    subjects = [
        Subject("a", lambda: seen.append("a"), lambda: seen.append("prepare a")),
        Subject("b", lambda: seen.append("b")),
    ]
    figures = measure(subjects, rounds=2, warm_up=1)
    assert seen == ["prepare a", "a", "b"] * 3
    assert [len(figure.seconds) for figure in figures.values()] == [2, 2]


def test_a_figure_is_the_median() -> None:
    figure = Figure((0.001, 0.5, 0.002), queries=0)
    assert (figure.ms, figure.text) == (2.0, "2.0")
    assert figure.times(Figure((0.001,), queries=0)) == 2.0


def test_statements_leave_transactions_out(db: None) -> None:
    def run() -> None:
        Shop.objects.count()
        with connection.cursor() as cursor:
            cursor.execute("SAVEPOINT here")

    assert len(statements(run)) == 1


def test_indexes_are_read_off_a_plan() -> None:
    plan = [
        "Limit (actual rows=51)",
        "  ->  Index Scan using complaint_open_due on complaints_complaint (actual rows=51)",
        "  ->  Seq Scan on complaints_shop (actual rows=6)",
    ]
    assert indexes_in(plan, "complaints_complaint") == ["complaint_open_due"]
    assert indexes_in(plan, "complaints_shop") == ["none"]


def test_tables_are_markdown() -> None:
    assert table(["", "ms"], [["list", 1.5]]) == "|  | ms |\n| --- | ---: |\n| list | 1.5 |"


def test_figures_go_between_their_markers(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- figures: x -->\nold\n<!-- end: x -->\nafter\n")
    report.write(page, "x", "new")
    assert page.read_text() == "before\n<!-- figures: x -->\n\nnew\n\n<!-- end: x -->\nafter\n"
    with pytest.raises(report.MarkersMissing):
        report.write(page, "y", "new")
