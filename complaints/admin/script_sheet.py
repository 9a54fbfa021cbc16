"""Scripts as a workbook: written for editing elsewhere, read again row by row with its changes and its errors."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from openpyxl import Workbook

from complaints.intake.problem import Problem
from complaints.intake.refusals import FORMULA_SIGNS, escaped
from complaints.intake.sheets import open_sheets
from knowledge import rendering
from knowledge.models import IssueType, ReplyScript, ScriptVersion
from knowledge.operations.script_import import Line
from knowledge.operations.scripts import LENGTH
from knowledge.wording import Piece, difference

from . import script_pages
from .script_forms import DetailsForm, NewScriptForm

COLUMNS = ("code", "name", "name_en", "stage", "step", "language", "tone", "channels", "issue_types", "text")
MANY = ("channels", "issue_types")
MOST_ROWS = 500
MAX_BYTES = 1 << 20


class NotAScriptSheet(Problem):
    message = gettext_lazy(
        "The first row must name these columns: %(names)s. Export the scripts and begin with that file."
    )


class TooManyScripts(Problem):
    message = gettext_lazy("There are more than %(most)s rows. Import them in several files.")


class NoScripts(Problem):
    message = gettext_lazy("There is no script below the names of the columns.")


class SheetTooLarge(Problem):
    message = gettext_lazy("The file is larger than 1 MB. Scripts are short: check that it is the right one.")


@dataclass(slots=True)
class Row:
    """A row of the file: what it would do, or what is wrong with which column."""

    number: int
    cells: dict[str, str]
    script: Any = None
    line: Line | None = None
    details: list[tuple[str, str, str]] = field(default_factory=list)
    pieces: list[Piece] = field(default_factory=list)
    errors: list[tuple[str, str]] = field(default_factory=list)

    @property
    def is_same(self) -> bool:
        return not self.errors and self.line is None


# ---------------------------------------------------------------- writing


def workbook(rows: Iterable[script_pages.Row]) -> BytesIO:
    """The scripts, and on a second sheet which codes mean what. Nothing in it runs as a formula."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("scripts")
    sheet.append(COLUMNS)
    for row in rows:
        script = row.script
        types = " ".join(sorted(one.code for one in script.issue_types.all()))
        plain = [getattr(script, name) for name in COLUMNS[:7]]
        sheet.append([escaped(cell) for cell in (*plain, " ".join(script.channels), types, row.text)])
    codes = book.create_sheet("codes")
    for name, code, label in _codes():
        codes.append([escaped(cell) for cell in (name, code, label)])
    out = BytesIO()
    book.save(out)
    out.seek(0)
    return out


def _codes() -> Iterator[tuple[str, str, str]]:
    for name in ("stage", "step", "language", "tone", "channels"):
        for code, label in DetailsForm.base_fields[name].choices:
            yield name, str(code), str(label)
    for issue in IssueType.objects.order_by("position", "code"):
        yield "issue_types", issue.code, issue.label


# ---------------------------------------------------------------- reading


def read(content: bytes) -> list[tuple[int, dict[str, str]]]:
    """Number and cells of each row that is not empty. Raises Problem with what is wrong with the file."""
    if len(content) > MAX_BYTES:
        raise SheetTooLarge
    rows = open_sheets(content)[0].rows()
    header = [str(cell or "").strip().lower() for cell in next(rows, (0, ()))[1]]
    if missing := [name for name in COLUMNS if name not in header]:
        raise NotAScriptSheet(names=", ".join(missing))
    found = []
    for number, cells in rows:
        named = dict(zip(header, map(_plain, cells), strict=False))
        if any(named.get(name) for name in COLUMNS):
            found.append((number, {name: named.get(name, "") for name in COLUMNS}))
        if len(found) > MOST_ROWS:
            raise TooManyScripts(most=MOST_ROWS)
    if not found:
        raise NoScripts
    return found


def _plain(cell: Any) -> str:
    """The text of a cell, without the sign that keeps it from being a formula."""
    text = "" if cell is None else str(cell)
    if text[:1] == "'" and text[1:].lstrip(" ").startswith(FORMULA_SIGNS):
        text = text[1:]
    return text.replace("\r\n", "\n").replace("_x000D_", "").strip()


def judge(read_rows: Sequence[tuple[int, dict[str, str]]]) -> list[Row]:
    """What each row would do to the scripts as they stand; a constant number of queries."""
    codes = [cells["code"] for _number, cells in read_rows]
    found = ReplyScript.objects.filter(code__in=codes).prefetch_related(script_pages.LIVE, "issue_types")
    known = {script.code: script_pages.Row(script, script_pages.UNUSED) for script in found}
    types = list(IssueType.objects.order_by("position", "code").select_related("parent"))
    seen: set[str] = set()
    rows = []
    for number, cells in read_rows:
        row = Row(number, dict(cells), script=known.get(cells["code"]))
        if cells["code"] in seen:
            row.errors.append(("code", _("This code stands in an earlier row as well.")))
        seen.add(cells["code"])
        _judge(row, types)
        rows.append(row)
    return rows


def _judge(row: Row, types: list[IssueType]) -> None:
    by_code = {issue.code: str(issue.pk) for issue in types}
    data: dict[str, Any] = dict(row.cells)
    data["channels"] = row.cells["channels"].replace(",", " ").split()
    data["issue_types"] = []
    for code in row.cells["issue_types"].replace(",", " ").split():
        if code in by_code:
            data["issue_types"].append(by_code[code])
        else:
            row.errors.append(("issue_types", _("There is no issue type %(code)s.") % {"code": code}))
    form = (DetailsForm if row.script else NewScriptForm)(data, types=types)
    if not form.is_valid():
        row.errors += [(name, str(one)) for name, errors in form.errors.items() for one in errors]
    row.errors += [("text", sentence) for sentence in _text_errors(row)]
    if not row.errors:
        _compare(row, form.details())


def _text_errors(row: Row) -> Iterator[str]:
    text = row.cells["text"]
    if not text:
        yield _("Write the text first.")
    if len(text) > LENGTH:
        yield _("The text has %(n)s characters; %(most)s fit into a reply.") % {"n": len(text), "most": LENGTH}
    if unknown := rendering.unknown(text):
        names = ", ".join(f"{{{name}}}" for name in unknown)
        yield _("Unknown placeholder: %(names)s. Use one from the list.") % {"names": names}
    if row.script and row.script.open and text not in _texts(row.script):
        yield _("There is a draft already. Publish or discard it first.")


def _texts(script: script_pages.Row) -> list[str]:
    """What is in force and what is being written: none of both is new."""
    live: list[ScriptVersion] = script.script.live
    return [version.text for version in live]


def _compare(row: Row, details: dict[str, Any]) -> None:
    text = row.cells["text"]
    if row.script is None:
        row.line, row.pieces = Line(row.cells["code"], details, text), [Piece("added", text)]
        return
    script = row.script.script
    changes = {
        name: (getattr(script, name), value)
        for name, value in details.items()
        if name != "issue_types" and getattr(script, name) != value
    }
    old, new = ({issue.code for issue in issues} for issues in (script.issue_types.all(), details["issue_types"]))
    if old != new:
        changes["issue_types"] = (sorted(old), sorted(new))
    is_new = text not in _texts(row.script)
    if changes or is_new:
        row.line = Line(script.code, details, text if is_new else None)
        row.details = script_pages.changed(changes)
        row.pieces = difference(row.script.text, text) if is_new else []
