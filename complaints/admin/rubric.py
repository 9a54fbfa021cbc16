"""The rubric as managers keep it: criteria, their points and what each means. Changes count from the next score on."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from knowledge.models import Criterion, CriterionVersion
from knowledge.models.rubric import MOST_POINTS, MOST_WEIGHT
from knowledge.operations import rubric
from knowledge.refusals import Refused

from .asked import known_id

LIST = "admin:knowledge_criterion_changelist"
PAGE = "admin:knowledge_criterion_change"
UNPROCESSABLE = 422
VERSIONS_SHOWN = 30
LANGUAGES = ("zh", "en")


class CriterionForm(forms.ModelForm):
    """A criterion; the meaning of each number of points in two fields, `anchor0_zh` and `anchor0_en` and so on."""

    seen = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=0)

    class Meta:
        model = CriterionVersion
        fields = ("name", "name_en", "description", "description_en", "weight", "position", "active")
        widgets = {name: forms.Textarea(attrs={"rows": 2}) for name in ("description", "description_en")}
        help_texts = {
            "weight": gettext_lazy("How many times it counts in the score, up to %(most)s.") % {"most": MOST_WEIGHT},
            "position": gettext_lazy("Smaller numbers come first."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = self.instance.anchors if self.instance.pk else []
        for points in range(MOST_POINTS + 1):
            for place, language in enumerate(LANGUAGES):
                label = {"zh": _("%(n)s points, in Chinese"), "en": _("%(n)s points, in English")}[language]
                self.fields[f"anchor{points}_{language}"] = forms.CharField(
                    label=label % {"n": points}, max_length=200, required=points < 2,
                    widget=forms.Textarea(attrs={"rows": 2}),
                    initial=known[points][place] if points < len(known) else "",
                )  # fmt: skip

    @property
    def anchor_rows(self) -> list[tuple[int, list[Any]]]:
        return [
            (points, [self[f"anchor{points}_{language}"] for language in LANGUAGES])
            for points in range(MOST_POINTS + 1)
        ]

    def renew(self, number: int) -> None:
        """What was typed, on what the criterion has become meanwhile."""
        typed: Any = self.data
        self.data = typed = typed.copy()
        typed["seen"] = str(number)

    def values(self) -> dict[str, Any]:
        """For the operation; numbers of points after the last that means something do not exist."""
        data = self.cleaned_data
        anchors = [[data[f"anchor{n}_{language}"] for language in LANGUAGES] for n in range(MOST_POINTS + 1)]
        while anchors and not any(anchors[-1]):
            anchors.pop()
        return {name: data[name] for name in self.Meta.fields} | {"anchors": anchors}


class NewCriterionForm(CriterionForm):
    code = forms.SlugField(label=gettext_lazy("code"), max_length=24)

    field_order = ("code",)


@admin.register(Criterion)
class CriterionAdmin(admin.ModelAdmin):
    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Scores were given by it: a criterion is switched off, never deleted."""
        return False

    @method_decorator(require_safe)
    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        self._require(self.has_view_permission(request))
        context = {
            "title": self.opts.verbose_name_plural,
            "rows": list(CriterionVersion.objects.as_now()),
            "may_add": self.has_add_permission(request),
        }
        return self._page(request, "change_list", context)

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        self._require(self.has_add_permission(request))
        last = CriterionVersion.objects.as_now().last()
        form = NewCriterionForm(request.POST or None, initial={"position": last.position + 1 if last else 1})
        if request.method == "POST" and form.is_valid():
            made = self._try(form, lambda who: rubric.add(form.cleaned_data["code"], form.values(), **who), request)
            if made:
                messages.success(request, _("Saved. Replies are scored by it from now on."))
                return redirect(LIST)
        return self._page(request, "change_form", {"title": _("New criterion"), "form": form, "may_change": True})

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """GET shows the criterion and its versions, POST makes a new version."""
        may_change = self.has_change_permission(request)
        self._require(may_change if request.method == "POST" else self.has_view_permission(request))
        latest = self._latest(object_id)
        title = latest.label
        form = CriterionForm(request.POST or None, instance=latest, initial={"seen": latest.number})
        if request.method == "POST" and form.is_valid():
            pk, seen, values = latest.criterion_id, form.cleaned_data["seen"] or 0, form.values()
            done = self._try(form, lambda who: (rubric.change(pk, values, seen=seen, **who),), request)
            if done:
                messages.success(
                    request, _("Saved. Scores of before keep their criteria.") if done[0] else _("Nothing was changed.")
                )
                return redirect(LIST)
            latest = self._latest(object_id)
            form.renew(latest.number)
        context = {
            "title": title,
            "form": form,
            "latest": latest,
            "may_change": may_change,
            "versions": list(
                CriterionVersion.objects.filter(criterion=latest.criterion_id)
                .select_related("author").order_by("-number")[:VERSIONS_SHOWN]
            ),
        }  # fmt: skip
        return self._page(request, "change_form", context)

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """The history stands on the criterion's own page."""
        self._require(self.has_view_permission(request))
        return redirect(PAGE, self._latest(object_id).criterion_id)

    # ------------------------------------------------------------ behind the pages

    def _latest(self, object_id: str) -> CriterionVersion:
        pk = known_id(object_id)
        latest = CriterionVersion.objects.as_now().filter(criterion=pk).first() if pk else None
        if latest is None:
            raise Http404
        return latest

    def _try(self, form: Any, perform: Callable[[dict[str, Any]], Any], request: HttpRequest) -> Any:
        """What the operation returns, or None after saying in the form why it was refused."""
        try:
            return perform({"actor": request.user, "now": timezone.now()})
        except Refused as refusal:
            form.add_error("code" if isinstance(refusal, rubric.CriterionTaken) else None, refusal.text)
            return None

    def _require(self, allowed: bool) -> None:
        if not allowed:
            raise PermissionDenied

    def _page(self, request: HttpRequest, name: str, context: dict[str, Any]) -> HttpResponse:
        form = context.get("form")
        status = UNPROCESSABLE if form is not None and form.errors else 200
        context = self.admin_site.each_context(request) | {"opts": self.opts, "now": timezone.now()} | context
        return render(request, f"admin/knowledge/criterion/{name}.html", context, status=status)
