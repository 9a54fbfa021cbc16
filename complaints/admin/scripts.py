"""Reply scripts as managers keep them: list, draft and review, versions and differences, tries on real cases."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from complaints.queries.quality_figures import WEEKS_SHOWN, of_script
from knowledge.models import ReplyScript, ScriptVersion
from knowledge.operations import scripts
from knowledge.operations.versions import DraftChanged, review
from knowledge.queries import placeholders
from knowledge.refusals import Refused
from knowledge.versioning import Status, not_own
from knowledge.wording import difference

from . import script_import, script_pages
from .asked import known_id
from .script_forms import DetailsForm, NewScriptForm, TextForm, complaint_named, may_try
from .script_steps import STEPS

LIST = "admin:knowledge_replyscript_changelist"
PAGE = "admin:knowledge_replyscript_change"
FILTERS = ("stage", "language", "issue_type", "status", "q")
UNPROCESSABLE = 422


@admin.register(ReplyScript)
class ReplyScriptAdmin(admin.ModelAdmin):
    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Replies name the versions that they were made of: a script is switched off, never deleted."""
        return False

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        info = "knowledge_replyscript"
        own = [
            path("export/", view(require_safe(script_import.export)), name=f"{info}_export"),
            path("import/", view(self.import_view), name=f"{info}_import"),
            path("<int:pk>/details/", view(self.details), name=f"{info}_details"),
            path("<int:pk>/diff/", view(require_safe(self.diff)), name=f"{info}_diff"),
            path("<int:pk>/versions/<int:number>/", view(require_safe(self.version)), name=f"{info}_version"),
            path("<int:pk>/do/<slug:step>/", view(require_POST(self.do)), name=f"{info}_do"),
        ]
        return [*own, *super().get_urls()]

    @method_decorator(require_safe)
    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        self._require(request, self.has_view_permission(request))
        asked = {name: request.GET.get(name, "")[:60].replace("\0", "") for name in FILTERS}
        context = {
            "title": self.opts.verbose_name_plural,
            "rows": script_pages.rows(asked),
            "asked": asked,
            "filtered": any(asked.values()),
            "stages": ReplyScript.Stage.choices,
            "languages": DetailsForm.base_fields["language"].choices,
            "roots": script_pages.root_types(),
            "statuses": script_pages.STATUS_FILTERS,
            "may_add": self.has_add_permission(request),
            "may_import": script_import.may_import(request.user),
        }
        return self._page(request, "change_list", context)

    def import_view(self, request: HttpRequest) -> HttpResponse:
        return script_import.import_page(request, site=self.admin_site)

    # ------------------------------------------------------------ a new script, its details

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        self._require(request, self.has_add_permission(request))
        form, text = NewScriptForm(request.POST or None), TextForm(request.POST or None)
        context: dict[str, Any] = {"title": _("New script"), "form": form, "text": text}
        checked = request.method == "POST" and all([form.is_valid(), text.is_valid()])
        if request.method == "POST" and "preview" in request.POST:
            form.errors.clear()
            context |= self._preview(request, text, request.POST.get("language", ""))
        elif checked:
            made = self._try(request, text, lambda who: scripts.create(
                form.cleaned_data["code"], text.cleaned_data["text"], form.details(), **who
            ), {scripts.CodeTaken: (form, "code")})  # fmt: skip
            if made:
                messages.success(request, _("Saved as a draft. Agents see it once it has been published."))
                return redirect(PAGE, made.pk)
        return self._page(request, "add", context | self._editor(request), wrong=bool(form.errors or text.errors))

    def details(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Where and when the script is offered: takes effect at once, without a review."""
        self._require(request, self.has_change_permission(request))
        script = self._row(pk).script
        form = DetailsForm(request.POST or None, script=script)
        if request.method == "POST" and form.is_valid():
            changed = scripts.change_details(pk, form.details(), actor=request.user, now=timezone.now())
            messages.success(request, _("Saved.") if changed else _("Nothing was changed."))
            return redirect(PAGE, pk)
        context = {"title": script.label, "script": script, "form": form}
        return self._page(request, "details", context, wrong=bool(form.errors))

    # ------------------------------------------------------------ the script: draft, review, versions

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """GET shows the script. POST saves the draft, hands it over for review as well, or only tries it out."""
        self._require(request, self.has_view_permission(request))
        row = self._row(known_id(object_id))
        may_write = self.has_change_permission(request)
        if request.method == "POST":
            self._require(request, may_write)
        form, context = TextForm(request.POST or None, initial=_initial(row)), {}
        if request.method == "POST" and form.is_valid():
            if "preview" in request.POST:
                context = self._preview(request, form, row.script.language)
            elif saved := self._write(request, row, form):
                return saved
        stale = any(isinstance(error, DraftChanged) for error in getattr(form, "refusals", ()))
        if stale:
            row = self._row(row.script.pk)
            typed = request.POST.copy()
            typed["seen"] = row.open.mark if row.open else ""
            form.data = typed
        context |= self._around(request, row) | {"title": row.script.label, "text": form, "stale": stale}
        context["kept"] = [form["text"]] if form.is_bound and context["in_review"] else []
        return self._page(request, "change_form", context | self._editor(request), wrong=bool(form.errors))

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """The history stands on the script's own page."""
        self._require(request, self.has_view_permission(request))
        return redirect(PAGE, self._row(known_id(object_id)).script.pk)

    def version(self, request: HttpRequest, pk: int, number: int) -> HttpResponse:
        """One version as it is sent, in a case or with the examples."""
        self._require(request, self.has_view_permission(request))
        row = self._row(pk)
        version = row.script.versions.select_related("author").filter(number=number).first()
        if version is None:
            raise Http404
        form = TextForm({"text": version.text, "case": request.GET.get("case", "")})
        form.is_valid()
        context = self._preview(request, form, row.script.language) | self._editor(request)
        context |= {"title": row.script.label, "row": row, "script": row.script, "version": version, "text": form}
        context["may_restore"] = self.has_change_permission(request) and row.open is None and version != row.published
        return self._page(request, "version", context)

    def diff(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Word by word, what is different between two versions; without a choice what is in force and the latest."""
        self._require(request, self.has_view_permission(request))
        row = self._row(pk)
        versions = list(row.script.versions.select_related("author")[: script_pages.VERSIONS_SHOWN])
        new = _numbered(versions, request.GET.get("new", "")) or versions[0]
        before = [one for one in versions if one.number < new.number]
        old = _numbered(versions, request.GET.get("old", "")) or _in_force(before) or (before or versions)[0]
        context = {
            "title": row.script.label, "row": row, "script": row.script, "versions": versions, "old": old, "new": new,
            "pieces": difference(old.text, new.text),
        }  # fmt: skip
        return self._page(request, "diff", context)

    def do(self, request: HttpRequest, pk: int, step: str) -> HttpResponse:
        """One step of a version, by POST: who may, and whether it is possible, is looked at again here."""
        permission, perform, done = STEPS.get(step, (None, None, None))
        if perform is None:
            raise Http404
        self._require(request, request.user.has_perm(f"knowledge.{permission}_replyscript"))
        self._row(pk)
        try:
            perform(pk, request.POST, {"actor": request.user, "now": timezone.now()})
        except ScriptVersion.DoesNotExist as error:
            raise Http404 from error
        except Refused as refusal:
            messages.error(request, refusal.text)
        else:
            messages.success(request, str(done()))
        return redirect(PAGE, pk)

    # ------------------------------------------------------------ behind the pages

    def _write(self, request: HttpRequest, row: script_pages.Row, form: TextForm) -> HttpResponse | None:
        """Save, and hand over when that was asked for; None when something was refused and the form says what."""
        pk, data = row.script.pk, form.cleaned_data

        def perform(who: dict[str, Any]) -> ScriptVersion:
            save = scripts.hand_over if "submit" in request.POST else scripts.write
            return save(pk, data["text"], seen=data["seen"], **who)

        if not self._try(request, form, perform, {}):
            return None
        handed = "submit" in request.POST
        messages.success(request, _("Handed over for review.") if handed else _("Draft saved."))
        return redirect(PAGE, pk)

    def _try(
        self, request: HttpRequest, form: Any, perform: Callable[[dict[str, Any]], Any], fields: dict[Any, Any]
    ) -> Any:
        """What the operation returns, or None after saying at the field why it was refused."""
        try:
            return perform({"actor": request.user, "now": timezone.now()})
        except Refused as refusal:
            where, name = fields.get(type(refusal), (form, "text"))
            where.refusals = [refusal]
            where.add_error(name, refusal.text)
            return None

    def _preview(self, request: HttpRequest, form: TextForm, language: str) -> dict[str, Any]:
        if not form.is_valid():
            return {}
        try:
            complaint = complaint_named(form.cleaned_data["case"], request.user)
        except forms.ValidationError as error:
            form.add_error("case", error)
            return {}
        pieces = script_pages.preview(form.cleaned_data["text"], language, complaint, request.user)
        gaps = list(dict.fromkeys(piece.name for piece in pieces if piece.kind == "gap"))
        return {"preview": pieces, "preview_case": complaint, "preview_gaps": gaps}

    def _editor(self, request: HttpRequest) -> dict[str, Any]:
        tries = may_try(request.user)
        return {
            "placeholders": placeholders(),
            "may_try": tries,
            "recent_cases": script_pages.recent_cases(request.user) if tries else [],
        }

    def _around(self, request: HttpRequest, row: script_pages.Row) -> dict[str, Any]:
        """What the page of a script shows besides the editor."""
        script, user, draft = row.script, request.user, row.open
        events = script_pages.history(script)
        latest = next((event for event in events if draft and event.version_id == draft.pk), None)
        in_review = bool(draft and draft.status == Status.IN_REVIEW)
        may_publish = user.has_perm("knowledge.publish_replyscript")
        return {
            "row": row,
            "script": script,
            "draft": draft,
            "in_review": in_review,
            "may_change": self.has_change_permission(request),
            "may_publish": may_publish,
            "needs_second": in_review and may_publish and bool(not_own(review(script, draft, actor=user))),
            "versions": list(script.versions.select_related("author")[: script_pages.VERSIONS_SHOWN]),
            "events": events,
            "quality": of_script(script.pk, user, today=timezone.localdate()),
            "quality_weeks": WEEKS_SHOWN,
            "returned": latest if latest and latest.kind == "sent_back" else None,
        }

    def _row(self, pk: int | None) -> script_pages.Row:
        row = script_pages.row(pk) if pk else None
        if row is None:
            raise Http404
        return row

    def _require(self, request: HttpRequest, allowed: bool) -> None:
        if not allowed:
            raise PermissionDenied

    def _page(self, request: HttpRequest, name: str, context: dict[str, Any], *, wrong: bool = False) -> HttpResponse:
        context = self.admin_site.each_context(request) | {"opts": self.opts} | context
        status = UNPROCESSABLE if wrong else 200
        return render(request, f"admin/knowledge/replyscript/{name}.html", context, status=status)


def _initial(row: script_pages.Row) -> dict[str, str]:
    """The draft, or the text in force as the beginning of one."""
    return {"text": row.open.text if row.open else row.text, "seen": row.open.mark if row.open else ""}


def _numbered(versions: list[ScriptVersion], number: str) -> ScriptVersion | None:
    return next((one for one in versions if str(one.number) == number), None)


def _in_force(versions: list[ScriptVersion]) -> ScriptVersion | None:
    return next((one for one in versions if one.status == Status.PUBLISHED), None)
