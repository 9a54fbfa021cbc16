"""Synonyms as managers keep them: groups of words, who changed them, and what came of it for search at once."""

import re
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

from knowledge.models import SynonymGroup
from knowledge.operations import synonyms
from knowledge.refusals import Refused
from knowledge.search_query import word_tokens

from .asked import known_id

LIST = "admin:knowledge_synonymgroup_changelist"
UNPROCESSABLE = 422
CHANGES_SHOWN = 50
_BETWEEN = re.compile(r"[\n=,，、;；]+")


class GroupForm(forms.Form):
    """What is wrong with the words is said by the operation."""

    fields: dict[str, Any]

    words = forms.CharField(
        label=gettext_lazy("Words that mean the same"), required=False, max_length=2000,
        widget=forms.Textarea(attrs={"rows": 7, "autofocus": True}),
        help_text=gettext_lazy("One per line. Who searches for one of them finds all; spelling in capitals or not, "
                               "simplified or traditional makes no difference."),
    )  # fmt: skip
    active = forms.BooleanField(label=gettext_lazy("in use"), required=False, initial=True)
    seen = forms.CharField(widget=forms.HiddenInput, required=False, max_length=20)

    def list(self) -> list[str]:
        return _BETWEEN.split(self.cleaned_data["words"].replace("\r", ""))


@admin.register(SynonymGroup)
class SynonymGroupAdmin(admin.ModelAdmin):
    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A group is switched off: its history names it."""
        return False

    @method_decorator(require_safe)
    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        self._require(self.has_view_permission(request))
        asked = request.GET.get("q", "")[: synonyms.LENGTH]
        wanted = word_tokens(asked)
        groups = [group for group in SynonymGroup.objects.order_by("-active", "pk") if _has(group, wanted)]
        context = {
            "title": self.opts.verbose_name_plural, "groups": groups, "q": asked,
            "may_add": self.has_add_permission(request), "may_change": self.has_change_permission(request),
        }  # fmt: skip
        return self._page(request, "change_list", context)

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        self._require(self.has_add_permission(request))
        form = GroupForm(request.POST or None)
        if request.method == "POST" and form.is_valid() and self._add(request, form):
            messages.success(request, _("Saved. Search knows these words from now on."))
            return redirect(LIST)
        return self._page(request, "change_form", {"title": _("New group of synonyms"), "form": form})

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        self._require(self.has_view_permission(request))
        group = SynonymGroup.objects.filter(pk=known_id(object_id)).first()
        if group is None:
            raise Http404
        may_change = self.has_change_permission(request)
        shown = {"words": "\n".join(group.words), "active": group.active, "seen": synonyms.mark(group)}
        form = GroupForm(request.POST or None, initial=shown)
        if request.method == "POST":
            self._require(may_change)
            if form.is_valid() and (saved := self._change(request, group, form)):
                return saved
        context = {
            "title": str(group), "form": form, "group": group, "may_change": may_change,
            "changes": group.changes.select_related("actor")[:CHANGES_SHOWN],
        }  # fmt: skip
        return self._page(request, "change_form", context)

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """The history stands on the group's own page."""
        return redirect("admin:knowledge_synonymgroup_change", object_id)

    def _add(self, request: HttpRequest, form: GroupForm) -> Any:
        return self._try(form, lambda: synonyms.add(form.list(), actor=request.user, now=timezone.now()))

    def _change(self, request: HttpRequest, group: SynonymGroup, form: GroupForm) -> HttpResponse | None:
        data = form.cleaned_data
        done = self._try(form, lambda: synonyms.change(
            group.pk, form.list(), active=data["active"], seen=data["seen"], actor=request.user, now=timezone.now()
        ))  # fmt: skip
        if done is None:
            typed = request.POST.copy()
            typed["seen"] = synonyms.mark(group)
            form.data = typed
            return None
        messages.success(request, _("Saved. Search knows it from now on.") if done[1] else _("Nothing was changed."))
        return redirect(LIST)

    def _try(self, form: GroupForm, perform: Callable[[], Any]) -> Any:
        """What the operation returns, or None after saying at the field why it was refused."""
        try:
            return perform()
        except Refused as refusal:
            form.add_error("words", refusal.text)
            return None

    def _require(self, allowed: bool) -> None:
        if not allowed:
            raise PermissionDenied

    def _page(self, request: HttpRequest, name: str, context: dict[str, Any]) -> HttpResponse:
        context = self.admin_site.each_context(request) | {"opts": self.opts} | context
        wrong = "form" in context and bool(context["form"].errors)
        return render(
            request, f"admin/knowledge/synonymgroup/{name}.html", context, status=UNPROCESSABLE if wrong else 200
        )


def _has(group: SynonymGroup, wanted: tuple[str, ...]) -> bool:
    """Whether one of the words contains what is looked for."""
    return any("".join(wanted) in "".join(word_tokens(word)) for word in group.words)
