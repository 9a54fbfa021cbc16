"""Scripts leave as a workbook and come back: drafts, a preview before, each error with its row and column."""

from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from openpyxl import Workbook, load_workbook

from complaints.admin import script_sheet
from complaints.roles import ROLES
from knowledge.models import ReplyScript, ScriptVersion
from knowledge.operations import scripts
from tests.factories.knowledge import ReplyScriptFactory

pytestmark = pytest.mark.usefixtures("frozen")

EXPORT, IMPORT = "admin:knowledge_replyscript_export", "admin:knowledge_replyscript_import"


@pytest.fixture
def author(user_with: Callable[..., Any]) -> Any:
    return user_with("knowledge_manager")


@pytest.fixture
def manager(author: Any, client_for: Callable[[Any], Client]) -> Client:
    return client_for(author)


def exported(client: Client) -> list[list[Any]]:
    answer = client.get(reverse(EXPORT))
    content = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    return [list(row) for row in load_workbook(BytesIO(content)).worksheets[0].values]


def uploaded(client: Client, rows: list[list[Any]]) -> Any:
    book, out = Workbook(), BytesIO()
    for row in rows:
        book.worksheets[0].append(row)
    book.save(out)
    return client.post(reverse(IMPORT), {"file": SimpleUploadedFile("s.xlsx", out.getvalue())})


def confirmed(client: Client, preview: Any) -> Any:
    return client.post(reverse(IMPORT), {"rows": preview.context["token"]})


def changed(rows: list[list[Any]], code: str, **cells: str) -> list[list[Any]]:
    header = rows[0]
    for row in rows[1:]:
        if row[0] == code:
            for name, value in cells.items():
                row[header.index(name)] = value
    return rows


def test_what_leaves_comes_back_unchanged(manager: Client) -> None:
    script = ReplyScriptFactory(code="X-01", text="=1+1\n-{case_no}", name="@试", channels=["email"])
    script.issue_types.add(ReplyScript.objects.get(code="EMP-SERVICE").issue_types.get())
    rows = exported(manager)
    assert len(rows) == ReplyScript.objects.count() + 1
    assert "'=1+1\n-{case_no}" in [row[-1] for row in rows]
    preview = uploaded(manager, rows)
    assert preview.status_code == 200
    assert (preview.context["changes"], preview.context["wrong"]) == ([], [])
    assert preview.context["same"] == len(rows) - 1


def test_new_texts_become_drafts_after_a_preview(manager: Client, author: Any) -> None:
    rows = changed(
        exported(manager), "ETA-01", text="今天{deadline}前答复您。", stage="verify", issue_types="SERV LOGI-01"
    )
    new = ["N-01", "新", "", "accept", "listen", "en", "plain", "email phone", "", "Hello {customer_name}"]
    preview = uploaded(manager, [*rows, new])
    shown = preview.content.decode()
    assert "<ins>今天</ins>" in shown
    assert [row.cells["code"] for row in preview.context["changes"]] == ["ETA-01", "N-01"]
    assert ScriptVersion.objects.filter(status="draft").count() == 0

    assert confirmed(manager, preview).status_code == 302
    made, script = ReplyScript.objects.get(code="N-01"), ReplyScript.objects.get(code="ETA-01")
    assert (made.channels, made.versions.get().status) == (["email", "phone"], "draft")
    assert (script.stage, sorted(one.code for one in script.issue_types.all())) == ("verify", ["LOGI-01", "SERV"])
    assert [(one.number, one.status) for one in script.versions.all()] == [(2, "draft"), (1, "published")]
    assert script.versions.first().author == author  # type: ignore[union-attr]


def test_every_error_has_its_row_and_column(manager: Client) -> None:
    rows = changed(
        exported(manager), "ETA-01", text="{客户}", stage="later", language="xx", channels="fax", issue_types="NONE",
    )  # fmt: skip
    bad = ["a b", "", "", "accept", "next", "en", "warm", "", "", "x" * 4001]
    preview = uploaded(manager, [*rows, bad, rows[1]])
    assert preview.status_code == 422
    found = {(row.number, column) for row in preview.context["wrong"] for column, _sentence in row.errors}
    last = len(rows) + 1
    eta = next(number for number, row in enumerate(rows, 1) if row[0] == "ETA-01")
    assert found == {
        *((eta, column) for column in ("text", "stage", "language", "channels", "issue_types")),
        (last, "code"), (last, "name"), (last, "text"), (last + 1, "code"),
    }  # fmt: skip
    assert not preview.context["token"]


def test_an_open_draft_is_not_written_over(manager: Client, author: Any, now: Any) -> None:
    rows = changed(exported(manager), "ETA-01", text="文件里的")
    preview = uploaded(manager, rows)
    script = ReplyScript.objects.get(code="ETA-01")
    scripts.write(script.pk, "同事的稿", actor=author, now=now)
    assert confirmed(manager, preview).status_code == 422
    assert uploaded(manager, rows).status_code == 422
    assert script.versions.get(status="draft").text == "同事的稿"


@pytest.mark.parametrize("file", [b"", b"no sheet", b"code;name\nX;Y\n", b"PK\x03\x04broken"])
def test_what_is_no_script_sheet_is_refused(file: bytes, manager: Client) -> None:
    answer = manager.post(reverse(IMPORT), {"file": SimpleUploadedFile("s.xlsx", file)})
    assert answer.status_code == 422
    assert "field-error" in answer.content.decode()


def test_too_much_is_refused(manager: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = exported(manager)
    monkeypatch.setattr(script_sheet, "MOST_ROWS", 3)
    assert uploaded(manager, rows).status_code == 422
    monkeypatch.setattr(script_sheet, "MAX_BYTES", 10)
    assert uploaded(manager, rows[:2]).status_code == 422
    assert uploaded(manager, rows[:1]).status_code == 422


def test_a_preview_is_not_forged(manager: Client) -> None:
    for token in ("", "x", "e30:abc"):
        assert manager.post(reverse(IMPORT), {"rows": token}).status_code == 422


@pytest.mark.parametrize("role", ROLES)
def test_who_writes_scripts_imports_them(
    role: str, user_with: Callable[..., Any], client_for: Callable[[Any], Client]
) -> None:
    client = client_for(user_with(role))
    writes = role in {"knowledge_manager", "shop_manager"}
    reads = writes or role in {"agent", "team_lead", "supervisor", "legal", "quality_inspector", "auditor"}
    assert client.get(reverse(EXPORT)).status_code == (200 if reads else 403)
    assert client.get(reverse(IMPORT)).status_code == (200 if writes else 403)
    assert client.post(reverse(IMPORT), {"rows": "x"}).status_code == (422 if writes else 403)


def test_a_large_file_costs_the_same(manager: Client, django_assert_max_num_queries: Callable[..., Any]) -> None:
    for number in range(60):
        ReplyScriptFactory(code=f"Z-{number}")
    rows = exported(manager)
    with django_assert_max_num_queries(12):
        assert uploaded(manager, rows).status_code == 200
