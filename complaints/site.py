"""The Django admin in our frame: our first page, our navigation.

Outside the `admin` package on purpose: importing that package registers models with the site, which must exist by then.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import admin
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import URLPattern, reverse
from django.utils import timezone
from django.utils.translation import gettext, gettext_noop, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from django.views.i18n import JavaScriptCatalog

from complaints.models import Mailbox
from complaints.models.staff import staff_name
from complaints.queries import alerts, asked, health, hooks, quality
from complaints.queries.calendars import year_warnings

RECORDS = (
    ("complaints_importjob", "complaints.view_importjob"),
    ("complaints_order", "complaints.view_order"),
    ("complaints_customer", "complaints.view_customer"),
    ("complaints_promise", "complaints.view_promise"),
    ("complaints_confirmationrecord", "complaints.view_confirmationrecord"),
    ("complaints_websubmission", "complaints.view_websubmission"),
    ("followups_followup", "followups.view_followup"),
    ("complaints_complaintevent", "complaints.view_complaintevent"),
    ("complaints_inboundmail", "complaints.view_inboundmail"),
    ("complaints_outboxmessage", "complaints.view_outboxmessage"),
    ("complaints_hookdelivery", "complaints.view_hookdelivery"),
    ("complaints_settingchange", "complaints.view_settingchange"),
    ("complaints_recoveryclaim", "complaints.view_recoveryclaim"),
)
KNOWLEDGE = (
    ("knowledge_replyscript", "knowledge.view_replyscript"),
    ("knowledge_phraserule", "knowledge.view_phraserule"),
    ("knowledge_servicepolicy", "knowledge.view_servicepolicy"),
    ("knowledge_synonymgroup", "knowledge.view_synonymgroup"),
    ("complaints_product", "complaints.view_product"),
    ("knowledge_listingitem", "knowledge.view_listingitem"),
    ("knowledge_confirmationtext", "knowledge.view_confirmationtext"),
    ("knowledge_issuetype", "knowledge.view_issuetype"),
    ("knowledge_criterion", "knowledge.view_criterion"),
)
SEARCHED = ("knowledge.view_replyscript", "knowledge.view_servicepolicy", "complaints.view_complaint")
"""With one of these there is something that search could find."""

SETTINGS = (
    ("complaints_shop", "complaints.change_shop"),
    ("complaints_workcalendar", "complaints.view_workcalendar"),
    ("complaints_slapolicy", "complaints.view_slapolicy"),
    ("complaints_mailbox", "complaints.view_mailbox"),
    ("complaints_robot", "complaints.view_robot"),
    ("complaints_dutyprofile", "complaints.view_dutyprofile"),
    ("complaints_hookchannel", "complaints.view_hookchannel"),
    ("complaints_subscription", "complaints.view_subscription"),
    ("complaints_apikey", "complaints.view_apikey"),
    ("complaints_absence", "complaints.view_absence"),
    ("auth_user", "auth.view_user"),
    ("complaints_department", "complaints.view_department"),
)


STANDSTILL_SECONDS = 5
"""For so long a process says what it last saw of the background, so that a page seldom asks."""

YEAR_WARNING_SECONDS = PAUSED_SECONDS = NEWS_SECONDS = 60

OK, UNPROCESSABLE = 200, 422
UNAUTHORIZED = 401
"""Tells frame.js to say that one must log in again, and to leave what was typed where it is."""


BOX_WORDS = (
    gettext_noop('Choose %s by selecting them and then select the "Choose" arrow button.'),
    gettext_noop("Choose all %s"),
    gettext_noop("Choose selected %s"),
    gettext_noop('Remove %s by selecting them and then select the "Remove" arrow button.'),
    gettext_noop("Remove all %s"),
    gettext_noop("Remove selected %s"),
)
"""What the admin's two boxes for choosing many say in English only: Django has no Chinese for it yet."""


class WordsOfScripts(JavaScriptCatalog):
    def get_catalog(self) -> dict[str, Any]:
        return super().get_catalog() | {words: gettext(words) for words in BOX_WORDS}


class AmendsSite(admin.AdminSite):
    site_title = _("Amends")
    site_header = _("Amends")
    index_title = _("Overview")
    enable_nav_sidebar = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.own_pages: list[URLPattern] = []
        """Pages of no model; modules of the admin add them while Django starts."""

    def get_urls(self) -> list[Any]:
        return [*self.own_pages, *super().get_urls()]

    def admin_view(self, view: Callable[..., Any], cacheable: bool = False) -> Callable[..., Any]:
        """Every page: a part of a page is no place for the login, and no address names a character that is none."""
        guarded = super().admin_view(view, cacheable)

        @wraps(guarded)
        def asked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if request.headers.get("HX-Request") and not self.has_permission(request):
                return HttpResponse(status=UNAUTHORIZED)
            if "%00" in request.META.get("QUERY_STRING", ""):
                request.GET = QueryDict(request.META["QUERY_STRING"].replace("%00", ""))
            return _refused_if_wrong(request, guarded(request, *args, **kwargs))

        return asked

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        context = super().each_context(request)
        if request.user.is_authenticated and request.user.is_staff:
            context |= {
                "amends_nav": self._navigation(request),
                "amends_query": request.GET.get("q", ""),
                "amends_user_name": staff_name(request.user),
                "amends_standstill": cache.get_or_set("standstill", health.standstill, STANDSTILL_SECONDS),
                "amends_year_warnings": self._year_warnings(request),
                "amends_paused": self._paused(request),
                "amends_unreadable": self._unreadable(request),
            }
        return context

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The work list is the first page of everybody who works on complaints; a department's is what it is asked."""
        if request.user.has_perm("complaints.view_complaint"):
            return redirect("admin:complaints_complaint_changelist")
        if request.user.has_perm("complaints.answer_inquiry"):
            return redirect("admin:complaints_inquiry_changelist")
        return super().index(request, extra_context)

    def i18n_javascript(self, request: HttpRequest, extra_context: Any = None) -> HttpResponseBase:
        return WordsOfScripts.as_view(packages=["django.contrib.admin"])(request)

    def _year_warnings(self, request: HttpRequest) -> Any:
        """Years without holidays, for those who keep the calendars; a calendar's own pages say it themselves."""
        if request.path.startswith(reverse("admin:complaints_workcalendar_changelist")):
            return []
        user = request.user
        return cache.get_or_set(
            f"years:{user.pk}", lambda: year_warnings(user, now=timezone.now()), YEAR_WARNING_SECONDS
        )

    def _paused(self, request: HttpRequest) -> Any:
        """Webhooks that are left alone because they failed for too long, for those who can mend that."""
        user = request.user
        if not user.has_perm("complaints.change_subscription"):
            return []
        return cache.get_or_set(f"paused:{user.pk}", lambda: hooks.paused(user), PAUSED_SECONDS)

    def _unreadable(self, request: HttpRequest) -> Any:
        """Mailboxes that cannot be read, for those who can mend that."""
        user = request.user
        if not user.has_perm("complaints.change_mailbox"):
            return []
        found = Mailbox.objects.visible_to(user).unreadable().only("address")
        return cache.get_or_set(f"unreadable:{user.pk}", lambda: list(found), PAUSED_SECONDS)

    def _navigation(self, request: HttpRequest) -> list[dict[str, Any]]:
        user, here = request.user, request.path
        items = []
        if user.has_perm("complaints.view_complaint"):
            items.append(_item(_("Work list"), "admin:complaints_complaint_changelist", "inbox", here, key="g l"))
        if user.has_perm("complaints.add_complaint"):
            items.append(_item(_("Register"), "admin:complaints_complaint_add", "plus", here, key="n"))
        if user.has_perm("complaints.answer_inquiry"):
            waiting = asked.open_count(user)
            items.append(
                _item(_("Inquiries"), "admin:complaints_inquiry_changelist", "clipboard-list", here, badge=waiting)
            )
        if user.has_perm("complaints.view_alert"):
            bell = _item(_("Alerts"), "admin:complaints_alert_changelist", "bell", here, badge=alerts.unseen(user))
            items.append(bell | {"counted_at": reverse("admin:complaints_alert_count")})
        if user.has_perm("complaints.view_replyreview"):
            label, page = pgettext_lazy("of replies", "Quality"), "admin:complaints_replyreview_changelist"
            items.append(_item(label, page, "star", here, badge=self._quality_news(request), key="g q"))
        return items + self._groups(user, here)

    def _groups(self, user: Any, here: str) -> list[dict[str, Any]]:
        """What folds: only those with something for this person."""
        groups = []
        for label, icon, entries in (
            (_("Knowledge"), "book-open", KNOWLEDGE),
            (_("Records"), "history", RECORDS),
            (_("Settings"), "settings", SETTINGS),
        ):
            children = [self._child(entry, here) for entry, permission in entries if user.has_perm(permission)]
            if entries is KNOWLEDGE and any(map(user.has_perm, SEARCHED)):
                children.insert(0, _item(_("Search knowledge"), "admin:search", "search", here, key="g s"))
            if children:
                active = any(child["active"] for child in children)
                groups.append(
                    {"label": label, "icon": icon, "url": "", "active": active, "badge": 0, "children": children}
                )
        return groups

    def _quality_news(self, request: HttpRequest) -> int:
        """What is new in the scores of replies: on their own pages as it is, on others a minute old at most."""
        key, user = f"quality:{request.user.pk}", request.user
        if request.path.startswith(reverse("admin:complaints_replyreview_changelist")):
            cache.delete(key)
        return cache.get_or_set(key, lambda: quality.news(user), NEWS_SECONDS) or 0

    def _child(self, entry: str, here: str) -> dict[str, Any]:
        model = next(model for model in self._registry if model._meta.label_lower.replace(".", "_") == entry)
        return _item(model._meta.verbose_name_plural, f"admin:{entry}_changelist", "", here)


def _refused_if_wrong(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """A form of Django's admin that comes back with what is wrong has not done what was asked."""
    context = getattr(response, "context_data", None) or {}
    if request.method == "POST" and response.status_code == OK and "adminform" in context and context.get("errors"):
        response.status_code = UNPROCESSABLE
    return response


def _item(label: Any, url_name: str, icon: str, here: str, *, badge: int = 0, key: str = "") -> dict[str, Any]:
    url = reverse(url_name)
    return {"label": label, "url": url, "icon": icon, "active": here == url, "badge": badge, "key": key, "children": []}
