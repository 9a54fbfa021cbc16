"""F8: fifty agents write on one complaint at once, over HTTP to real web processes: corrections and notes.

The control is the same desk without the lock: both of two who have read the same version write.
"""

from __future__ import annotations

import re
import threading
from collections import Counter
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from tests.faults.desk import Desk, Place
from tests.faults.finding import Finding
from tests.faults.visitor import LIST, Unanswered, Visitor, case_of

FULL = {"agents": 50, "writes": 2_000}
SMALL = {"agents": 10, "writes": 60}
CONTROLS = 5
"""Few writes may miss each other by chance, where the machine has other work: the control is run until two have met."""


def attack(place: Place, *, agents: int, writes: int) -> Finding:
    finding = Finding("F8", f"{agents} agents on one complaint", wanted="0 lost updates, 0 server errors")
    ours, seen = _written(place, agents, writes, "config.wsgi")
    for _again in range(CONTROLS):
        naive, unlocked = _written(place, agents, writes, "tests.faults.unlocked")
        if lost := _lost(naive, unlocked):
            break
    finding.nothing(lost_updates=_lost(ours, seen), server_errors=ours.errors, notes_lost=_notes_lost(ours, seen))
    finding.nothing(things_not_whole=len(seen["problems"]))
    finding.expect(ours.stood and ours.notes and ours.told, "nobody got into another's way")
    finding.expect(lost, "the control shows nothing")
    finding.counts = (
        f"{agents} agents, {writes:,} writes: {len(ours.notes):,} notes, {len(ours.stood):,} corrections stood, "
        f"{ours.told:,} were told that somebody was faster"
    )
    finding.reached = f"{_lost(ours, seen)} lost updates, {ours.errors} server errors"
    finding.control = f"without the lock {lost:,} of {len(naive.stood):,} corrections are lost"
    return finding


@dataclass
class Log:
    """What the agents were answered."""

    stood: set[str] = field(default_factory=set)
    notes: set[str] = field(default_factory=set)
    told: int = 0
    errors: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)


def _written(place: Place, agents: int, writes: int, application: str) -> tuple[Log, dict[str, Any]]:
    with place.desk(AMENDS_WEB_WORKERS="2") as desk:
        desk.commands["web"] = desk.commands["web"].replace("config.wsgi", application)
        desk.open_web()
        case = case_of(desk.visitor().register("第 0 人第 0 次"))
        names = desk.clerk("call", what="crowd.hire", number=agents)
        log = Log()
        _all_at_once(desk, names, case, writes // agents, log)
        seen = desk.clerk("call", what="crowd.look", case=case)
        seen["problems"] = desk.clerk("problems")
    return log, seen


def _all_at_once(desk: Desk, names: list[str], case: int, each: int, log: Log) -> None:
    visitors = [desk.visitor(name) for name in names]
    start = threading.Barrier(len(visitors))

    def work(me: int, visitor: Visitor) -> None:
        start.wait(60)
        for number in range(each):
            words = f"第 {me + 1} 人第 {number + 1} 次"
            try:
                (_note if number % 2 else _correct)(visitor, case, words, log)
            except Unanswered:
                with log.lock:
                    log.errors += 1

    threads = [threading.Thread(target=work, args=pair) for pair in enumerate(visitors)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _note(visitor: Visitor, case: int, words: str, log: Log) -> None:
    answer = visitor.act(case, "note", body=words)
    with log.lock:
        log.errors += answer.status != 302
        if answer.status == 302:
            log.notes.add(words)


def _correct(visitor: Visitor, case: int, words: str, log: Log) -> None:
    path = f"{LIST}{case}/edit/"
    page = visitor.get(path)
    answer = visitor.post(path, **_filled(page.text) | {"title": words}) if page.status == 200 else page
    with log.lock:
        if answer.status == 302:
            log.stood.add(words)
        elif answer.status == 409:
            log.told += 1
        else:
            log.errors += 1


def _lost(log: Log, seen: dict[str, Any]) -> int:
    """Corrections that were confirmed and are not in the history, or that the next one has not seen."""
    told = Counter(new for _old, new in seen["corrections"])
    missing = len(log.stood - set(told)) + sum(times - 1 for times in told.values())
    unseen = sum(
        before[1] != after[0] for before, after in zip(seen["corrections"], seen["corrections"][1:], strict=False)
    )
    return missing + unseen


def _notes_lost(log: Log, seen: dict[str, Any]) -> int:
    return len(log.notes ^ set(seen["notes"]))


class _Form(HTMLParser):
    """Names and values of a form as a browser would send them untouched."""

    def __init__(self) -> None:
        super().__init__()
        self.values: dict[str, str] = {}
        self._select = self._text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        name = given.get("name", "")
        if tag == "input" and name and given.get("type") not in ("submit", "checkbox", "radio"):
            self.values[name] = given.get("value", "")
        elif tag == "select":
            self._select = name
            self.values.setdefault(name, "")
        elif tag == "option" and "selected" in given and self._select:
            self.values[self._select] = given.get("value", "")
        elif tag == "textarea":
            self._text = name
            self.values[name] = ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._select = ""
        elif tag == "textarea":
            self._text = ""

    def handle_data(self, data: str) -> None:
        if self._text:
            self.values[self._text] += data


def _filled(page: str) -> dict[str, str]:
    """The form of the correction, with what stands in it."""
    found = re.search(r'<form[^>]*method="post"[^>]*>(?:(?!</form>).)*name="version".*?</form>', page, re.DOTALL)
    assert found, page[:500]
    form = _Form()
    form.feed(found[0])
    return form.values
