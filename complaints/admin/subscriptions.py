"""Outgoing webhooks: who else is told what happens to complaints, and what became of each message."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext, pgettext_lazy

from complaints.models import Shop, Subscription
from complaints.operations import subscriptions as operation
from complaints.outbox import wire
from complaints.queries import hooks
from complaints.refusals import Refused

from .asked import known_id
from .displays import listed
from .forms import ManyRowsField
from .hook_secret import RotateForm, secret_page

PAGE = "admin:complaints_subscription_change"
EVENTS = {
    "complaint.registered": pgettext_lazy("webhook event", "registered"),
    "complaint.accepted": pgettext_lazy("webhook event", "accepted"),
    "complaint.verifying": pgettext_lazy("webhook event", "verification started"),
    "complaint.verified": pgettext_lazy("webhook event", "verification concluded"),
    "complaint.offered": pgettext_lazy("webhook event", "options offered"),
    "complaint.declined": pgettext_lazy("webhook event", "options declined"),
    "complaint.agreed": pgettext_lazy("webhook event", "option agreed"),
    "complaint.resolved": pgettext_lazy("webhook event", "remedy carried out"),
    "complaint.closed": pgettext_lazy("webhook event", "closed"),
    "complaint.new_round": pgettext_lazy("webhook event", "supplementary round"),
    "complaint.reopened": pgettext_lazy("webhook event", "reopened"),
    "complaint.withdrawn": pgettext_lazy("webhook event", "withdrawn"),
    "complaint.unfounded": pgettext_lazy("webhook event", "found unfounded"),
    "complaint.merged": pgettext_lazy("webhook event", "merged"),
    "complaint.unmerged": pgettext_lazy("webhook event", "merge undone"),
    "complaint.assigned": pgettext_lazy("webhook event", "assigned"),
    "complaint.contact_received": pgettext_lazy("webhook event", "customer's message received"),
    "complaint.reopen_asked": pgettext_lazy("webhook event", "customer came back after closing"),
    "complaint.replied": pgettext_lazy("webhook event", "reply sent"),
}
TONES = {"pending": "waiting", "sending": "waiting", "sent": "done", "dead": "breached", "uncertain": "risk"}
ICONS = {"pending": "hourglass", "sending": "send", "sent": "circle-check", "dead": "circle-x", "held": "circle-pause"}


class SubscriptionForm(forms.ModelForm):
    new_url = forms.CharField(
        label=_("Address"),
        max_length=500,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "class": "vURLField", "placeholder": "https://"}),
    )
    chosen = forms.MultipleChoiceField(
        label=_("Events"), choices=list(EVENTS.items()), widget=forms.CheckboxSelectMultiple
    )

    class Meta:
        model = Subscription
        fields = ("name", "description", "shops", "active")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "shops" in self.fields:
            self.fields["shops"].widget.can_add_related = False
        url = self.fields["new_url"]
        url.required = not self.instance.url
        self.fields["chosen"].initial = self.instance.events
        if self.instance.url:
            host = urlsplit(self.instance.url).hostname
            url.help_text = _("Set: %(host)s. Leave it empty to keep it.") % {"host": host}
        else:
            url.help_text = _("Where your system takes messages. It is stored encrypted and not shown again.")

    def clean_new_url(self) -> str:
        url: str = self.cleaned_data["new_url"]
        if url:
            try:
                wire.look_up(wire.place(url))
            except wire.Forbidden as problem:
                raise forms.ValidationError(problem.args[0]) from None
            except OSError:
                pass  # a name that is not known now may be known when there is something to say
        return url

    def _post_clean(self) -> None:
        super()._post_clean()
        self.instance.url = self.cleaned_data.get("new_url") or self.instance.url
        self.instance.events = [kind for kind in EVENTS if kind in self.cleaned_data.get("chosen", ())]


@admin.register(Subscription)
class SubscriptionAdmin(admin.ModelAdmin):
    form = SubscriptionForm
    list_display = ("name", "host", "told", "status")
    sortable_by = ()
    list_filter = ("active",)
    filter_horizontal = ("shops",)
    fields = ("name", "description", "new_url", "chosen", "shops", "active")
    change_form_template = "admin/complaints/subscription/change_form.html"
    actions = None

    def get_queryset(self, request: HttpRequest) -> Any:
        return Subscription.objects.visible_to(request.user)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Messages name the subscriber: it is switched off, never deleted."""
        return False

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Who may only look sees what is set, in words."""
        if self.has_change_permission(request, obj) or (obj is None and self.has_add_permission(request)):
            return self.fields
        return ("name", "description", "host", "told", "shops", "active")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("host", "told")

    @admin.display(description=_("address"))
    def host(self, subscription: Subscription) -> str:
        return urlsplit(subscription.url).hostname or ""

    @admin.display(description=pgettext_lazy("webhook", "events"))
    def told(self, subscription: Subscription) -> str:
        if set(subscription.events) == set(EVENTS):
            return str(pgettext_lazy("webhook event", "all"))
        return listed(EVENTS[kind] for kind in subscription.events if kind in EVENTS)

    @admin.display(description=_("status"))
    def status(self, subscription: Subscription) -> str:
        if not subscription.active:
            return str(_("switched off"))
        if subscription.paused_at:
            return str(_("paused after failures"))
        return str(_("failing") if subscription.failing_since else pgettext_lazy("webhook", "active"))

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        kwargs |= {"queryset": Shop.objects.visible_to(request.user), "form_class": ManyRowsField}
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    # ------------------------------------------------------------ saving

    def save_model(self, request: HttpRequest, obj: Subscription, form: Any, change: bool) -> None:
        """Shops that this person does not see stay as they are."""
        unseen = obj.shops.exclude(pk__in=Shop.objects.visible_to(request.user)) if obj.pk else ()
        shops = [*form.cleaned_data["shops"], *unseen]
        operation.save(obj, shops=shops, actor=request.user, now=timezone.now())

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """The operation has done it already."""

    def response_add(self, request: HttpRequest, obj: Subscription, post_url_continue: Any = None) -> HttpResponse:
        return self._secret(request, obj)

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        subscription = context.get("original")
        if subscription:
            before = known_id(request.GET.get("before", ""))
            sent, more = hooks.messages(subscription, before=before)
            context |= {
                "sent": [(row, TONES.get(row.status, "neutral"), ICONS.get(row.status, "ban")) for row in sent],
                "older": f"?before={sent[-1].pk}" if more else "",
                "newest": bool(before),
                "unsent": hooks.unsent(subscription),
                "rotate_form": RotateForm(),
                "repeatable": operation.REPEATABLE,
                "now": timezone.now(),
            }
        return super().render_change_form(request, context, *args, **kwargs)

    # ------------------------------------------------------------ buttons

    def get_urls(self) -> list[Any]:
        views = {"ping": self.ping, "resume": self.resume, "rotate": self.rotate, "cancel": self.cancel}
        own = [
            path(f"<int:pk>/{name}/", self.admin_site.admin_view(view), name=f"complaints_subscription_{name}")
            for name, view in views.items()
        ]
        own.append(
            path(
                "<int:pk>/repeat/<int:message>/", self.admin_site.admin_view(self.repeat),
                name="complaints_subscription_repeat",
            )
        )  # fmt: skip
        return [*own, *super().get_urls()]

    def ping(self, request: HttpRequest, pk: int) -> HttpResponse:
        def step(subscription: Subscription, who: dict[str, Any]) -> Any:
            operation.ping(subscription, **who)
            return _("The test message is on its way. This page shows what becomes of it.")

        return self._step(request, pk, step)

    def resume(self, request: HttpRequest, pk: int) -> HttpResponse:
        def step(subscription: Subscription, who: dict[str, Any]) -> Any:
            operation.resume(subscription.pk, **who)
            return _("It goes on. What was held back is being sent.")

        return self._step(request, pk, step)

    def cancel(self, request: HttpRequest, pk: int) -> HttpResponse:
        def step(subscription: Subscription, who: dict[str, Any]) -> Any:
            number = operation.cancel_held(subscription.pk, **who)
            return ngettext("%(n)s message is cancelled.", "%(n)s messages are cancelled.", number) % {"n": number}

        return self._step(request, pk, step)

    def repeat(self, request: HttpRequest, pk: int, message: int) -> HttpResponse:
        def step(subscription: Subscription, who: dict[str, Any]) -> Any:
            operation.repeat(message, subscription=subscription)
            return _("The message will be sent again.")

        return self._step(request, pk, step)

    def rotate(self, request: HttpRequest, pk: int) -> HttpResponse:
        """POST makes a new secret and shows it, this once."""
        subscription = self._subscription(request, pk)
        form = RotateForm(request.POST)
        if request.method != "POST" or not form.is_valid():
            return redirect(PAGE, pk)
        changed = operation.rotate(subscription.pk, keep=form.span, actor=request.user, now=timezone.now())
        return self._secret(request, changed)

    def _step(self, request: HttpRequest, pk: int, step: Callable[[Subscription, dict[str, Any]], Any]) -> HttpResponse:
        subscription = self._subscription(request, pk)
        if request.method == "POST":
            try:
                messages.success(request, step(subscription, {"actor": request.user, "now": timezone.now()}))
            except Refused as refusal:
                messages.error(request, refusal.text)
        return redirect(reverse(PAGE, args=[pk]) + "#sent")

    def _subscription(self, request: HttpRequest, pk: int) -> Subscription:
        subscription = self.get_object(request, str(pk))
        if subscription is None or not self.has_change_permission(request, subscription):
            raise PermissionDenied
        return subscription

    def _secret(self, request: HttpRequest, subscription: Subscription) -> HttpResponse:
        back = reverse(PAGE, args=[subscription.pk])
        return secret_page(request, subscription, site=self.admin_site, back=back)
