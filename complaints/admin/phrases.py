"""Phrase rules as managers keep them: list, form with tries on the latest replies, history; the bench for a text."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from complaints.queries.phrase_tries import tried
from knowledge.models import PhraseRule
from knowledge.operations import phrases
from knowledge.refusals import Refused

from . import phrase_pages
from .asked import known_id
from .phrase_forms import BenchForm, NewRuleForm, RuleForm

PAGE = "admin:knowledge_phraserule_change"
FILTERS = ("category", "level", "scope", "status", "q")
UNPROCESSABLE = 422


@admin.register(PhraseRule)
class PhraseRuleAdmin(admin.ModelAdmin):
    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Findings that were overruled name their rule: it is switched off, never deleted."""
        return False

    def get_urls(self) -> list[Any]:
        view, info = self.admin_site.admin_view, "knowledge_phraserule"
        own = [
            path("try/", view(self.bench), name=f"{info}_try"),
            path("<int:pk>/do/<slug:step>/", view(require_POST(self.do)), name=f"{info}_do"),
        ]
        return [*own, *super().get_urls()]

    @method_decorator(require_safe)
    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        self._require(self.has_view_permission(request))
        asked = {name: request.GET.get(name, "")[:60].replace("\0", "") for name in FILTERS}
        context = {
            "title": self.opts.verbose_name_plural,
            "rows": list(phrase_pages.rows(asked)),
            "asked": asked,
            "filtered": any(asked.values()),
            "categories": PhraseRule.Category.choices,
            "levels": PhraseRule.Level.choices,
            "scopes": PhraseRule.Scope.choices[:2],
            "statuses": phrase_pages.STATUS_FILTERS,
            "may_add": self.has_add_permission(request),
        }
        return self._page(request, "change_list", context)

    def bench(self, request: HttpRequest) -> HttpResponse:
        """A text with its marks. POST, for what customers are told belongs in no address; nothing is kept."""
        self._require(self.has_view_permission(request))
        form = BenchForm(request.POST or None)
        context: dict[str, Any] = {"title": _("Try a text"), "form": form}
        if request.method == "POST" and form.is_valid():
            data = form.cleaned_data
            context["marked"] = phrase_pages.checked(data["text"], data["scope"], timezone.localdate())
        return self._page(request, "try", context, wrong=bool(form.errors))

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        self._require(self.has_add_permission(request))
        trying = "try" in request.POST
        form = NewRuleForm(request.POST or None, trying=trying)
        context: dict[str, Any] = {"title": _("New phrase rule"), "form": form, "may_change": True}
        if trying:
            context |= self._try(request, form)
        elif request.method == "POST" and form.is_valid():
            code = form.cleaned_data["code"]
            made = self._perform(request, form, lambda who: phrases.create(code, form.details(), **who))
            if made:
                messages.success(request, _("Saved. The rule holds from now on."))
                return redirect(PAGE, made.pk)
        return self._page(request, "change_form", context, wrong=bool(form.errors))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """GET shows the rule. POST saves it, or with `try` only says what it would have found."""
        self._require(self.has_view_permission(request))
        rule, may_change = self._rule(known_id(object_id)), self.has_change_permission(request)
        if request.method == "POST":
            self._require(may_change)
        trying = "try" in request.POST
        form, context = RuleForm(request.POST or None, rule=rule, trying=trying), {}
        if trying:
            context = self._try(request, form)
        elif request.method == "POST" and form.is_valid() and (saved := self._save(request, rule, form)):
            return saved
        stale = any(isinstance(error, phrases.RuleChanged) for error in getattr(form, "refusals", ()))
        if stale:
            rule = self._rule(rule.pk)
            typed = request.POST.copy()
            typed["seen"] = str(rule.edition)
            form.data = typed
            context["stored"] = _differing(RuleForm(None, rule=rule, trying=False), typed)
        context |= {
            "title": rule.code, "rule": rule, "form": form, "may_change": may_change, "stale": stale,
            "events": phrase_pages.history(rule),
        }  # fmt: skip
        return self._page(request, "change_form", context, wrong=bool(form.errors))

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """The history stands on the rule's own page."""
        self._require(self.has_view_permission(request))
        return redirect(PAGE, self._rule(known_id(object_id)).pk)

    def do(self, request: HttpRequest, pk: int, step: str) -> HttpResponse:
        """Switch the rule on or off, by POST."""
        if step not in ("on", "off"):
            raise Http404
        self._require(self.has_change_permission(request))
        phrases.switch(self._rule(pk).pk, active=step == "on", actor=request.user, now=timezone.now())
        done = _("Switched on. The rule holds from now on.") if step == "on" else _("Switched off.")
        messages.success(request, done)
        return redirect(PAGE, pk)

    # ------------------------------------------------------------ behind the pages

    def _save(self, request: HttpRequest, rule: PhraseRule, form: RuleForm) -> HttpResponse | None:
        seen = form.cleaned_data["seen"] or 0
        changed = self._perform(request, form, lambda who: phrases.change(rule.pk, form.details(), seen=seen, **who))
        if changed is None:
            return None
        said = _("Saved. The rule holds as it is now.") if rule.active else _("Saved. The rule is switched off.")
        messages.success(request, said if changed else _("Nothing was changed."))
        return redirect(PAGE, rule.pk)

    def _perform(self, request: HttpRequest, form: RuleForm, perform: Callable[[dict[str, Any]], Any]) -> Any:
        """What the operation returns, or None after saying at the field why it was refused."""
        fields: dict[type[Refused], str | None] = {
            phrases.CodeTaken: "code", phrases.DatesReversed: "effective_until", phrases.RuleChanged: None,
        }  # fmt: skip
        try:
            return perform({"actor": request.user, "now": timezone.now()})
        except Refused as refusal:
            form.refusals = [refusal]
            form.add_error(fields.get(type(refusal), "patterns"), refusal.text)
            return None

    def _try(self, request: HttpRequest, form: RuleForm) -> dict[str, Any]:
        """What the rule as it was typed would have marked."""
        if not form.is_valid():
            return {}
        sees = request.user.has_perm("complaints.view_complaint")
        return {"tried": tried(form.rules(), request.user), "no_cases": not sees}

    def _rule(self, pk: int | None) -> PhraseRule:
        rule = PhraseRule.objects.select_related("script").filter(pk=pk).first() if pk else None
        if rule is None:
            raise Http404
        return rule

    def _require(self, allowed: bool) -> None:
        if not allowed:
            raise PermissionDenied

    def _page(self, request: HttpRequest, name: str, context: dict[str, Any], *, wrong: bool = False) -> HttpResponse:
        context = self.admin_site.each_context(request) | {"opts": self.opts} | context
        status = UNPROCESSABLE if wrong else 200
        return render(request, f"admin/knowledge/phraserule/{name}.html", context, status=status)


def _differing(stored: RuleForm, typed: Any) -> list[tuple[Any, str]]:
    """What somebody else has stored, field by field, where it is not what was typed."""
    found = []
    for field in stored.visible_fields():
        value = field.value()
        if str(value or "").split() != typed.get(field.name, "").split():
            names = dict(getattr(field.field, "choices", ()))
            found.append((field.label, str(names.get(value, value or "—"))))
    return found
