"""Every string that a user can see is translated; the compiled catalogue is the one of the source."""

import os
import re
import shutil
from pathlib import Path
from typing import Any

import polib
import pytest
from django.conf import settings
from django.core.management import call_command
from django.test import override_settings

ROOT = Path(settings.BASE_DIR)
CATALOGUE = ROOT / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory) -> polib.POFile:
    """The catalogue as `make messages` would write it now; from a copy, for the command writes beside what it reads."""
    copy = tmp_path_factory.mktemp("source")
    for room in ("config", "knowledge", "complaints", "followups", "locale"):
        shutil.copytree(ROOT / room, copy / room, ignore=shutil.ignore_patterns("__pycache__", "vendor"))
    here = Path.cwd()
    os.chdir(copy)
    try:
        with override_settings(LOCALE_PATHS=[str(copy / "locale")]):
            call_command("makemessages", locale=["zh_Hans"], no_obsolete=True, verbosity=0)
    finally:
        os.chdir(here)
    return polib.pofile(str(copy / CATALOGUE.relative_to(ROOT)))


def test_the_code_is_read(collected: polib.POFile) -> None:
    assert "This form is damaged or belongs to another complaint. Open the case again and repeat the step." in {
        entry.msgid for entry in collected
    }


def test_every_string_of_the_code_is_translated(collected: polib.POFile) -> None:
    assert [entry.msgid for entry in collected.untranslated_entries()] == [], "run: make messages"


def test_no_translation_is_a_guess(collected: polib.POFile) -> None:
    assert [entry.msgid for entry in collected.fuzzy_entries()] == []


def test_translations_keep_the_placeholders(collected: polib.POFile) -> None:
    named = re.compile(r"%\(\w+\)[sd]|\{\w+\}")
    wrong = [
        entry.msgid
        for entry in collected
        for text in [entry.msgstr, *entry.msgstr_plural.values()]
        if text and set(named.findall(text)) - set(named.findall(entry.msgid + entry.msgid_plural))
    ]
    assert wrong == []


def texts(catalogue: Any) -> dict[tuple[str | None, str], str]:
    """Translation by context and source: one word may have two meanings."""
    return {(entry.msgctxt, entry.msgid): entry.msgstr for entry in catalogue if entry.msgstr and not entry.obsolete}


def test_the_compiled_catalogue_is_current() -> None:
    compiled = polib.mofile(str(CATALOGUE.with_suffix(".mo")))
    assert texts(compiled) == texts(polib.pofile(str(CATALOGUE))), "run: make messages"
