"""The list of time policies: read it, change it, and see before what a change would do."""

from collections.abc import Callable, Sequence
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from complaints.models import SettingChange, SlaPolicy
from complaints.operations import policies, reapplying
from complaints.operations.policies import NameTaken, PolicyChanged
from complaints.queries.policy_drafts import draft_of, drafted, listed
from complaints.queries.policy_preview import LIMIT, Preview, preview

from . import policy_pages
from .policy_forms import PolicyForm
from .policy_words import Names, differences

LIST = "admin:complaints_slapolicy_changelist"
CHANGES_SHOWN = 100


@admin.register(SlaPolicy)
class SlaPolicyAdmin(admin.ModelAdmin):
    """Policies are switched off, never deleted: complaints and their clocks name them."""

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        own = [
            path("<int:pk>/move/", view(require_POST(self.move)), name="complaints_slapolicy_move"),
            path("<int:pk>/switch/", view(require_POST(self.switch)), name="complaints_slapolicy_switch"),
            path("<int:pk>/copy/", view(require_POST(self.copy)), name="complaints_slapolicy_copy"),
        ]
        return [*own, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """GET only: every button posts to an address of its own."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        found = listed()
        context = {
            "title": self.opts.verbose_name_plural,
            "rows": policy_pages.rows(found),
            "kinds": policy_pages.KINDS,
            "may_add": self.has_add_permission(request),
            "may_change": self.has_change_permission(request),
            "waiting": reapplying.waiting(),
        }
        return self._page(request, "change_list", context)

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        found = listed()
        return self._edit(request, PolicyForm(request.POST or None, policies=found), found)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The form; for those who only read, the policy in words."""
        found = listed()
        policy = self._chosen(request, object_id, found)
        if not self.has_change_permission(request):
            if request.method == "POST":
                raise PermissionDenied
            context = {"title": policy.name, "policy": policy, "lines": policy_pages.lines(policy)}
            return self._page(request, "view", context | {"rows": policy_pages.rows(found, only=policy.pk)})
        return self._edit(request, PolicyForm(request.POST or None, policies=found, policy=policy), found)

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """Who changed what, the latest first."""
        policy = self._chosen(request, object_id, listed())
        changes = SettingChange.objects.filter(subject=policies.SUBJECT, subject_id=policy.pk).select_related("actor")
        names = Names()
        rows = [(change, differences(change.changes, names)) for change in changes[:CHANGES_SHOWN]]
        context = {"title": _("History of “%(name)s”") % {"name": policy.name}, "policy": policy, "changes": rows}
        return self._page(request, "history", context)

    # ------------------------------------------------------------ one step each, by POST

    def move(self, request: HttpRequest, pk: int) -> HttpResponse:
        steps = {"up": -1, "down": 1}.get(request.POST.get("way", ""))
        if steps is None:
            raise Http404
        return self._step(request, pk, lambda who: policies.move(pk, steps=steps, **who))

    def switch(self, request: HttpRequest, pk: int) -> HttpResponse:
        active = {"on": True, "off": False}.get(request.POST.get("to", ""))
        if active is None:
            raise Http404
        return self._step(request, pk, lambda who: policies.activate(pk, active=active, **who))

    def copy(self, request: HttpRequest, pk: int) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        made: list[SlaPolicy] = []
        answer = self._step(request, pk, lambda who: made.append(policies.copy(pk, **who)))
        messages.success(request, _("Copied. The copy is switched off until you switch it on."))
        return redirect("admin:complaints_slapolicy_change", made[0].pk) if made else answer

    def _step(self, request: HttpRequest, pk: int, perform: Callable[[dict[str, Any]], Any]) -> HttpResponse:
        if not self.has_change_permission(request):
            raise PermissionDenied
        try:
            perform({"actor": request.user, "now": timezone.now()})
        except SlaPolicy.DoesNotExist as error:
            raise Http404 from error
        return redirect(f"{reverse(LIST)}#policy-{pk}")

    # ------------------------------------------------------------ the form

    def _edit(self, request: HttpRequest, form: PolicyForm, found: Sequence[SlaPolicy]) -> HttpResponse:
        """GET shows the form. POST tries out what was typed (“preview”), or saves it."""
        context: dict[str, Any] = {}
        if request.method == "POST" and form.is_valid():
            if "preview" in request.POST:
                context["preview"] = self._preview(request, form, found)
            elif self._save(request, form, context):
                return redirect(LIST)
        policy = form.policy
        context |= {"title": policy.name if policy else _("New policy"), "form": form, "policy": policy}
        if policy:
            context["findings"] = policy_pages.rows(found, only=policy.pk)
        return self._page(request, "change_form", context)

    def _preview(self, request: HttpRequest, form: PolicyForm, found: Sequence[SlaPolicy]) -> Preview:
        pk = form.policy.pk if form.policy else None
        would_be = drafted(form.draft(), found, instead_of=pk, before=form.before_pk)
        return preview(request.user, would_be, now=timezone.now(), limit=LIMIT)

    def _save(self, request: HttpRequest, form: PolicyForm, context: dict[str, Any]) -> bool:
        """Whether it was saved; otherwise the form says why not, and `context` how the stored policy differs."""
        who: dict[str, Any] = {"actor": request.user, "now": timezone.now()}
        draft, before = form.draft(), form.before_pk
        try:
            if form.policy is None:
                policies.create(draft, before=before, **who)
            else:
                seen = form.cleaned_data["seen"]
                if not policies.change(form.policy.pk, draft, before=before, seen=seen, **who):
                    messages.info(request, _("Nothing was changed."))
                    return True
        except NameTaken as refusal:
            form.add_error("name", refusal.text)
            return False
        except PolicyChanged as refusal:
            form.add_error(None, refusal.text)
            context["differences"] = _typed_against_stored(form, draft)
            return False
        messages.success(request, _("Saved. Open complaints are being put under the policies; this may take a while."))
        return True

    def _chosen(self, request: HttpRequest, object_id: str, found: Sequence[SlaPolicy]) -> SlaPolicy:
        if not self.has_view_permission(request):
            raise PermissionDenied
        for policy in found:
            if str(policy.pk) == object_id:
                return policy
        raise Http404

    def _page(self, request: HttpRequest, name: str, context: dict[str, Any]) -> HttpResponse:
        context = self.admin_site.each_context(request) | {"opts": self.opts} | context
        return render(request, f"admin/complaints/slapolicy/{name}.html", context)


def _typed_against_stored(form: PolicyForm, draft: Any) -> list[Any]:
    """Value by value, what is stored now and what was typed; the form is made anew to be sent on top of it."""
    stored = draft_of(SlaPolicy.objects.get(pk=form.policy.pk))
    old, new = stored.plain(), draft.plain()
    data: Any = form.data.copy()
    data["seen"] = stored.fingerprint()
    form.data = data
    changes = {name: [old.get(name), new.get(name)] for name in new if old.get(name) != new.get(name)}
    return differences(changes, Names())
