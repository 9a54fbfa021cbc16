"""Service policies as managers keep them: per shop and matter, draft and review, from which day, what was different."""

from datetime import datetime
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

from complaints.queries.service_policies import people_of, zone_of
from knowledge.models import ServicePolicy, ServicePolicyVersion
from knowledge.operations import service_policies
from knowledge.operations.versions import review
from knowledge.refusals import Refused
from knowledge.versioning import OPEN, WAS_IN_FORCE, CommentMissing, Status, not_own
from knowledge.wording import difference

from . import service_policy_pages as pages
from .asked import known_id
from .service_policy_forms import NewPolicyForm, ReviewForm, StepForm, TermsForm, named_shop
from .service_policy_steps import STEPS

LIST = "admin:knowledge_servicepolicy_changelist"
PAGE = "admin:knowledge_servicepolicy_change"
FIELD_OF = {service_policies.InThePast: "begins_on", CommentMissing: "comment"}
UNPROCESSABLE = 422


@admin.register(ServicePolicy)
class ServicePolicyAdmin(admin.ModelAdmin):
    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Customers have ordered under it: a policy is withdrawn, never deleted."""
        return False

    def get_urls(self) -> list[Any]:
        view, info = self.admin_site.admin_view, "knowledge_servicepolicy"
        own = [
            path("diff/", view(require_safe(self.diff)), name=f"{info}_diff"),
            path("versions/<int:pk>/", view(require_safe(self.version)), name=f"{info}_version"),
            path("<int:pk>/do/<slug:step>/", view(require_POST(self.do)), name=f"{info}_do"),
        ]
        return [*own, *super().get_urls()]

    @method_decorator(require_safe)
    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        self._require(self.has_view_permission(request))
        context = {
            "title": self.opts.verbose_name_plural,
            "kinds": ServicePolicy.Kind.choices,
            "lines": pages.table(request.user, now=timezone.now()),
            "may_add": self.has_add_permission(request),
        }
        return self._page(request, "change_list", context)

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """A policy for a shop begins with the words that hold for all."""
        self._require(self.has_add_permission(request))
        form = NewPolicyForm(request.POST or None, user=request.user, initial=self._beginning(request))
        context: dict[str, Any] = {"title": _("New service policy"), "form": form}
        if request.method == "POST" and form.is_valid():
            if "preview" in request.POST:
                context["looks"] = pages.looks(form.typed())
                context["checks"] = pages.checks(form.typed(), before=None, now=timezone.now())
            elif made := self._create(request, form):
                messages.success(request, _("Saved as a draft. Customers see it once it has been published."))
                return redirect(PAGE, made.pk)
        return self._page(request, "add", context, wrong=bool(form.errors))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """GET shows the policy. POST saves the draft, hands it over for review as well, or only shows how it looks."""
        self._require(self.has_view_permission(request))
        row = self._row(request, known_id(object_id))
        if request.method != "POST":
            return self._show(request, row)
        self._require(self.has_change_permission(request))
        form, context = TermsForm(request.POST), dict[str, Any]()
        if form.is_valid():
            if "preview" in request.POST:
                context["looks"] = pages.looks(form.typed())
            elif self._write(request, row, form):
                return redirect(PAGE, row.policy.pk)
            else:
                row = self._row(request, row.policy.pk)
                context["stale"] = form.renewed(row.draft)
        return self._show(request, row, form=form, wrong=bool(form.errors), **context)

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """The history stands on the policy's own page."""
        self._require(self.has_view_permission(request))
        return redirect(PAGE, self._row(request, known_id(object_id)).policy.pk)

    def version(self, request: HttpRequest, pk: int) -> HttpResponse:
        """One version as its readers see it."""
        self._require(self.has_view_permission(request))
        version = self._version(request, pk)
        row = self._row(request, version.policy_id)
        may_change = self.has_change_permission(request)
        context = {
            "title": row.policy.label, "row": row, "version": version,
            "looks": pages.looks(version),
            "may_restore": may_change and row.draft is None,
            "public": bool(row.shop and row.shop.active and version.was_in_force),
        }  # fmt: skip
        return self._page(request, "version", context)

    def diff(self, request: HttpRequest) -> HttpResponse:
        """Word by word, what is different between two versions of one matter, also of a shop's and the common one."""
        self._require(self.has_view_permission(request))
        old, new = (self._version(request, known_id(request.GET.get(name, ""))) for name in ("old", "new"))
        if old.policy.kind != new.policy.kind:
            raise Http404
        known = ServicePolicyVersion.objects.filter(policy__in={old.policy_id, new.policy_id})
        known = known.filter(status__in=[*OPEN, *WAS_IN_FORCE]).select_related("policy").without_text()
        context = {
            "title": new.policy.label, "row": self._row(request, new.policy_id), "old": old, "new": new,
            "versions": known.order_by("policy", "-number"),
            "same": (old.text, old.text_en) == (new.text, new.text_en),
            "texts": [difference(old.text, new.text), difference(old.text_en, new.text_en)],
        }  # fmt: skip
        return self._page(request, "diff", context)

    def do(self, request: HttpRequest, pk: int, step: str) -> HttpResponse:
        """One step of a version, by POST: who may, and whether it is possible, is looked at again here."""
        permission, perform, done = STEPS.get(step, (None, None, None))
        if perform is None:
            raise Http404
        self._require(request.user.has_perm(f"knowledge.{permission}_servicepolicy"))
        row, now = self._row(request, pk), timezone.now()
        form = (StepForm if step == "withdraw" else ReviewForm)(request.POST)
        shown = dict[str, Any]({"withdrawal" if step == "withdraw" else "review": form})
        if not form.is_valid():
            return self._show(request, row, wrong=True, **shown)
        number = known_id(request.POST.get("version", "")) or 0
        told = form.told(zone_of(row.shop), now=now) | {"number": number, "among": people_of(row.shop)}
        try:
            perform(pk, told, actor=request.user, now=now)
        except ServicePolicyVersion.DoesNotExist as error:
            raise Http404 from error
        except Refused as refusal:
            field = FIELD_OF.get(type(refusal))
            form.add_error(field, refusal.text)
            said = "" if field else refusal.text
            return self._show(request, self._row(request, pk), wrong=True, refused=said, **shown)
        messages.success(request, str(done()))
        return redirect(PAGE, pk)

    # ------------------------------------------------------------ behind the pages

    def _beginning(self, request: HttpRequest) -> dict[str, Any]:
        """What the link of the table names, with the words that hold for all shops now."""
        kind = request.GET.get("kind", "")
        if kind not in ServicePolicy.Kind.values:
            return {}
        versions = ServicePolicyVersion.objects.filter(policy__kind=kind, policy__shop_ref=None)
        common = pages.in_force(versions.filter(status__in=WAS_IN_FORCE).select_related("policy"), timezone.now())
        words = {name: getattr(common, name) for name in service_policies.TERMS} if common else {}
        return words | {"kind": kind, "shop": named_shop(request.user, known_id(request.GET.get("shop", "")))}

    def _create(self, request: HttpRequest, form: NewPolicyForm) -> ServicePolicy | None:
        data, now = form.cleaned_data, timezone.now()
        shop_id = data["shop"].pk if data["shop"] else None
        try:
            return service_policies.create(data["kind"], shop_id, form.terms(), actor=request.user, now=now)
        except service_policies.PolicyExists as refusal:
            form.add_error("kind", refusal.text)
        except Refused as refusal:
            form.refuse(refusal)
        return None

    def _write(self, request: HttpRequest, row: pages.Row, form: TermsForm) -> bool:
        """Save, and hand over when that was asked for; what is refused is said in the form."""
        handed = "submit" in request.POST
        given = dict[str, Any](seen=form.cleaned_data["seen"], actor=request.user, now=timezone.now())
        try:
            if handed:
                stays = form.cleaned_data["stays"]
                service_policies.hand_over(row.policy.pk, form.terms(), stays=stays, **given)
            else:
                service_policies.write(row.policy.pk, form.terms(), **given)
        except Refused as refusal:
            form.refuse(refusal)
            return False
        messages.success(request, _("Handed over for review.") if handed else _("Draft saved."))
        return True

    def _show(
        self,
        request: HttpRequest,
        row: pages.Row,
        *,
        form: TermsForm | None = None,
        wrong: bool = False,
        **more: Any,
    ) -> HttpResponse:
        """The page of a policy, with what was typed into one of its forms."""
        draft, user = row.draft, request.user
        events = pages.history(row.policy)
        latest = next((event for event in events if draft and event.version_id == draft.pk), None)
        in_review = bool(draft and draft.status == Status.IN_REVIEW)
        may_publish = user.has_perm("knowledge.publish_servicepolicy")
        typed = form if form and form.is_bound else None
        written = typed.typed() if typed and not in_review else draft
        context = {
            "title": row.policy.label,
            "row": row,
            "draft": draft,
            "in_review": in_review,
            "form": form or TermsForm(initial=_initial(row)),
            "review": ReviewForm(),
            "withdrawal": StepForm(),
            "kept": [typed[name] for name in service_policies.TEXTS] if typed and in_review else [],
            "checks": pages.checks(written, before=row.before, now=row.now) if written else None,
            "may_change": self.has_change_permission(request),
            "may_publish": may_publish,
            "needs_second": in_review and may_publish and bool(not_own(
                review(row.policy, draft, actor=user, among=people_of(row.shop))
            )),
            "events": events,
            "returned": latest if latest and latest.kind == "sent_back" else None,
        }  # fmt: skip
        return self._page(request, "change_form", context | more, wrong=wrong)

    def _row(self, request: HttpRequest, pk: int | None) -> pages.Row:
        row = pages.row(request.user, pk, now=timezone.now()) if pk else None
        if row is None:
            raise Http404
        return row

    def _version(self, request: HttpRequest, pk: int | None) -> ServicePolicyVersion:
        version = pages.version(request.user, pk)
        if version is None:
            raise Http404
        return version

    def _require(self, allowed: bool) -> None:
        if not allowed:
            raise PermissionDenied

    def _page(self, request: HttpRequest, name: str, context: dict[str, Any], *, wrong: bool = False) -> HttpResponse:
        now: datetime = timezone.now()
        context = self.admin_site.each_context(request) | {"opts": self.opts, "now": now} | context
        status = UNPROCESSABLE if wrong else 200
        return render(request, f"admin/knowledge/servicepolicy/{name}.html", context, status=status)


def _initial(row: pages.Row) -> dict[str, Any]:
    """The draft, or the words in force as the beginning of one."""
    beginning = row.draft or row.current or (row.versions[0] if row.versions else None)
    words = {name: getattr(beginning, name) for name in service_policies.TERMS} if beginning else {}
    return words | {"seen": row.draft.mark if row.draft else ""}
