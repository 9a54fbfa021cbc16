"""Reply quality: inspectors draw and score, agents see and answer, leads compare. No customer sees any of it."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from complaints.models import ReplyReview, Shop
from complaints.operations import sampling
from complaints.queries import quality, quality_figures
from knowledge.refusals import Refused

from . import review_lists, review_page
from .asked import known_id
from .records import ReadOnlyAdmin
from .review_forms import DrawForm, week_words
from .review_lists import LIST
from .review_page import PAGE, STEPS, Forms

UNPROCESSABLE = 422


@admin.register(ReplyReview)
class ReplyReviewAdmin(ReadOnlyAdmin):
    """Pages of our own over `ReplyReview.visible_to`; every write is one of the steps, by POST."""

    def get_urls(self) -> list[Any]:
        view, info = self.admin_site.admin_view, "complaints_replyreview"
        own = [
            path("draw/", view(self.draw), name=f"{info}_draw"),
            path("figures/", view(require_safe(self.figures)), name=f"{info}_figures"),
            path("<int:pk>/do/<slug:step>/", view(require_POST(self.do)), name=f"{info}_do"),
        ]
        return [*own, *super().get_urls()]

    @method_decorator(require_safe)
    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        self._require(request, self.has_view_permission(request))
        found = review_lists.wanted(request)
        page = quality.page(request.user, found)
        context = {
            "title": self.opts.verbose_name_plural,
            "tab": found.tab,
            "tabs": review_lists.tabs(request, found),
            "filters": review_lists.filters(request, found),
            "rows": [(row, week_words(row.week_id), review_lists.address(found, PAGE, row.pk)) for row in page.rows],
            "next": review_lists.address(found, after=page.rows[-1].pk) if page.has_next else "",
            "first": review_lists.address(found) if found.after else "",
            "may_draw": request.user.has_perm(quality.SCORE),
            "news": found.tab == "mine" and request.user,
        }
        return self._page(request, "change_list", context)

    def draw(self, request: HttpRequest) -> HttpResponse:
        """GET shows what can be drawn, POST draws."""
        self._require(request, request.user.has_perm(quality.SCORE))
        now = timezone.now()
        form = DrawForm(request.POST or None, user=request.user, now=now)
        if request.method == "POST" and form.is_valid():
            data = form.cleaned_data
            try:
                drawn = sampling.draw(
                    data["week"], per_agent=data["per_agent"], shop=data["shop"], actor=request.user, now=now
                )
            except Refused as refusal:
                form.add_error("week", refusal.text)
            else:
                messages.success(request, _drawn_words(drawn))
                return redirect(f"{reverse(LIST)}?tab=waiting")
        context = {"title": _("Draw replies"), "form": form, "draws": review_page.latest_draws()}
        return self._page(request, "draw", context, wrong=bool(form.errors))

    def figures(self, request: HttpRequest) -> HttpResponse:
        self._require(request, self.has_view_permission(request))
        asked = review_lists.figures_asked(request)
        context: dict[str, Any] = {"title": _("Averages"), "asked": asked, "few": quality_figures.FEW}
        if asked:
            found = quality_figures.figures(request.user, asked.weeks, shop=asked.shop)
            lines = {
                "agent": found.agents, "criterion": found.criteria, "script": found.scripts, "week": found.weeks,
            }  # fmt: skip
            context |= {
                "total": found.total,
                "tables": review_lists.tables(request, asked, lines) if found.total.now.n else [],
                "weeks": [(monday.isoformat(), week_words(monday)) for monday in asked.mondays],
                "first": asked.weeks.first.isoformat(),
                "last": asked.weeks.last.isoformat(),
                "before": asked.weeks.before(),
                "shops": Shop.objects.visible_to(request.user),
            }
        return self._page(request, "figures", context)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """GET only: the reply in its context, its score, and what this person may do about it."""
        self._require(request, self.has_view_permission(request))
        if request.method not in ("GET", "HEAD"):
            raise PermissionDenied
        return self._review_page(request, self._review(request, known_id(object_id)), Forms())

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """The history stands on the page of the score."""
        self._require(request, self.has_view_permission(request))
        return redirect(PAGE, self._review(request, known_id(object_id)).pk)

    def do(self, request: HttpRequest, pk: int, step: str) -> HttpResponse:
        """One step, by POST: who may, and whether it is possible, is looked at again here."""
        chosen = STEPS.get(step)
        if chosen is None:
            raise Http404
        self._require(request, request.user.has_perm(chosen.permission))
        review = self._review(request, pk)
        form = chosen.form(request, review)
        if form.is_valid():
            try:
                chosen.perform(pk, form, {"actor": request.user, "now": timezone.now()})
            except Refused as refusal:
                form.add_error(None, refusal.text)
            else:
                return self._after(request, review, chosen.name, chosen.done)
        review = self._review(request, pk)
        return self._review_page(request, review, Forms.with_refused(chosen, form, request, review))

    # ------------------------------------------------------------ behind the pages

    def _after(self, request: HttpRequest, review: ReplyReview, step: str, done: Callable[[], Any]) -> HttpResponse:
        """After a score the next reply comes; everything else stays where it is."""
        draft = review_page.draft_key(request.user, review, step)
        messages.success(request, str(done()), extra_tags=draft)
        found = review_lists.wanted(request)
        if step not in ("score", "skip"):
            return redirect(review_lists.address(found, PAGE, review.pk))
        following = quality.following(request.user, review, found)
        if following:
            return redirect(review_lists.address(found, PAGE, following))
        return redirect(review_lists.address(found, tab="waiting"))

    def _review(self, request: HttpRequest, pk: int | None) -> ReplyReview:
        review = quality.review_for(request.user, pk) if pk else None
        if review is None:
            raise Http404
        return review

    def _review_page(self, request: HttpRequest, review: ReplyReview, forms: Forms) -> HttpResponse:
        context = review_page.context(request, review, forms)
        return self._page(request, "change_form", context, wrong=forms.refused)

    def _require(self, request: HttpRequest, allowed: bool) -> None:
        if not allowed:
            raise PermissionDenied

    def _page(self, request: HttpRequest, name: str, context: dict[str, Any], *, wrong: bool = False) -> HttpResponse:
        context = self.admin_site.each_context(request) | {"opts": self.opts, "now": timezone.now()} | context
        status = UNPROCESSABLE if wrong else 200
        return render(request, f"admin/complaints/replyreview/{name}.html", context, status=status)


def _drawn_words(drawn: sampling.Drawn) -> str:
    if not drawn.added:
        return _("Nothing was missing: the sample of this week is complete.")
    words = ngettext(
        "%(n)s reply of %(agents)s agents was added.", "%(n)s replies of %(agents)s agents were added.", drawn.added
    ) % {"n": drawn.added, "agents": drawn.agents}
    short = ngettext(
        "%(n)s agent has written fewer than that.", "%(n)s agents have written fewer than that.", drawn.short
    ) % {"n": drawn.short}
    return f"{words} {short}" if drawn.short else words
