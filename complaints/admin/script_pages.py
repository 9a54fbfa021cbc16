"""What the pages about reply scripts show: rows of the list, the latest version, a preview, the history in words."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Prefetch, Q, QuerySet
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _

from complaints.models import Channel, Complaint
from complaints.queries.case import reply_facts
from knowledge.models import IssueType, ReplyScript, ScriptEvent, ScriptVersion
from knowledge.queries import UNUSED, Worked, examples
from knowledge.rendering import Part, parts
from knowledge.versioning import OPEN, Status

from .displays import listed, staff_name
from .reply_script import language_of
from .script_figures import worked, worked_lately

EVENTS_SHOWN = 100
VERSIONS_SHOWN = 50
RECENT_CASES = 8

LIVE = Prefetch(
    "versions",
    ScriptVersion.objects.filter(status__in=[Status.PUBLISHED, *OPEN]).select_related("author").order_by("-number"),
    "live",
)

KINDS = {
    "created": _("created the script"),
    "changed": _("changed the details"),
    "written": _("changed the draft"),
    "submitted": _("handed the draft over for review"),
    "sent_back": _("sent the draft back"),
    "published": _("published"),
    "discarded": _("discarded the draft"),
    "restored": _("began a draft with an older text"),
    "switched_on": _("switched the script on"),
    "switched_off": _("switched the script off"),
}

STATUS_FILTERS = [
    ("published", _("published")),
    ("draft", _("with a draft")),
    ("review", _("in review")),
    ("unpublished", _("never published")),
    ("off", _("switched off")),
]


@dataclass(frozen=True, slots=True)
class Row:
    """A script with what is in force, what is being written, and how it has done."""

    script: Any
    figures: Worked

    @property
    def published(self) -> ScriptVersion | None:
        return next((one for one in self.script.live if one.status == Status.PUBLISHED), None)

    @property
    def open(self) -> ScriptVersion | None:
        return next((one for one in self.script.live if one.is_open), None)

    @property
    def text(self) -> str:
        shown = self.published or self.open
        return shown.text if shown else ""


def rows(asked: dict[str, str]) -> list[Row]:
    """The scripts that fit what was asked for, by stage; a constant number of queries."""
    found = _filtered(ReplyScript.objects.all(), asked).prefetch_related(LIVE, "issue_types")
    figures = worked()
    order = [stage.value for stage in ReplyScript.Stage]
    steps = [step.value for step in ReplyScript.Step]
    ordered = sorted(found, key=lambda one: (order.index(one.stage), steps.index(one.step), one.code))
    return [Row(script, figures.get(script.pk, UNUSED)) for script in ordered]


def row(script_id: int) -> Row | None:
    """One script, as it stands in the list."""
    script = ReplyScript.objects.prefetch_related(LIVE, "issue_types").filter(pk=script_id).first()
    return Row(script, worked_lately().get(script.pk, UNUSED)) if script else None


def _filtered(scripts: QuerySet[ReplyScript], asked: dict[str, str]) -> QuerySet[ReplyScript]:
    if asked["stage"]:
        scripts = scripts.filter(stage=asked["stage"])
    if asked["language"]:
        scripts = scripts.filter(language=asked["language"])
    if asked["issue_type"].isdecimal() and len(asked["issue_type"]) < 10:
        chosen = Q(issue_types=asked["issue_type"]) | Q(issue_types__parent=asked["issue_type"])
        scripts = scripts.filter(pk__in=IssueTypeScripts.filter(chosen))
    if (status := asked["status"]) == "off":
        scripts = scripts.filter(active=False)
    elif status == "unpublished":
        scripts = scripts.exclude(versions__status__in=[Status.PUBLISHED, Status.RETIRED])
    elif status in Status.values:
        scripts = scripts.filter(versions__status=status)
    for word in asked["q"].split()[:5]:
        live = ScriptVersion.objects.filter(status__in=[Status.PUBLISHED, *OPEN], text__icontains=word)
        scripts = scripts.filter(
            Q(code__icontains=word) | Q(name__icontains=word) | Q(name_en__icontains=word)
            | Q(pk__in=live.values("script"))
        )  # fmt: skip
    return scripts


class IssueTypeScripts:
    """Scripts by issue type, as a subquery: a join would list a script twice."""

    @staticmethod
    def filter(condition: Q) -> Any:
        return ReplyScript.objects.filter(condition).order_by().values("pk")


def root_types() -> list[IssueType]:
    return list(IssueType.objects.filter(parent__isnull=True).order_by("position", "code"))


def preview(text: str, script_language: str, complaint: Complaint | None, user: Any) -> list[Part]:
    """The text as this person would send it in that case; without a case, filled with the examples."""
    language = language_of(script_language)
    if complaint is None:
        return parts(text, examples(language))
    with translation.override(language):
        return parts(text, reply_facts(complaint, agent_name=staff_name(user), now=timezone.now()))


def recent_cases(user: Any) -> list[str]:
    """Numbers to choose from when trying a script out."""
    seen = Complaint.objects.visible_to(user).order_by("-received_at", "-pk")
    return list(seen.values_list("number", flat=True)[:RECENT_CASES])


def history(script: ReplyScript) -> list[ScriptEvent]:
    """What was done to the script, the latest first, each with its words."""
    events = list(script.events.select_related("actor", "version")[:EVENTS_SHOWN])
    for event in events:
        event.words = KINDS.get(event.kind, event.kind)
        event.details = changed(event.changes) if event.kind == "changed" else []
    return events


def changed(changes: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Each changed detail by its name, with the old and the new value as people read them."""
    found = []
    for name, (old, new) in changes.items():
        field: Any = ReplyScript._meta.get_field(name)
        words = dict(Channel.choices if name == "channels" else field.choices or ())
        found.append((str(field.verbose_name), _plain(old, words), _plain(new, words)))
    return found


def _plain(value: Any, words: dict[Any, Any]) -> str:
    if isinstance(value, Iterable) and not isinstance(value, str):
        return listed(words.get(one, one) for one in value) or "—"
    return str(words.get(value, value)) or "—"
