"""Records to be read, never written: orders, customers, history, outbox."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.views.main import ORDER_VAR, ChangeList
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Value
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from complaints.identity import mask_email
from complaints.lifecycle import State
from complaints.models import ComplaintEvent, Customer, Order, OrderLine, OutboxMessage, RecoveryClaim
from complaints.models.complaint import about_visible
from complaints.operations import mailing
from complaints.refusals import Refused

from .displays import event_details, event_label, event_reason, staff_name


class CappedPaginator(Paginator):
    """Counts no further than the pages that anybody turns: a large table costs the same as a small one."""

    LIMIT = 2000

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        return rows.order_by()[: self.LIMIT].count()


class OneOrder(ChangeList):
    """A long table is read in the order of its index, whatever an address asks for."""

    def get_ordering(self, request: HttpRequest, queryset: Any) -> list[Any]:
        self.params.pop(ORDER_VAR, None)
        return super().get_ordering(request, queryset)


class ReadOnlyAdmin(admin.ModelAdmin):
    """A list and a page to read; nothing can be added, changed or deleted, by page or by forged POST."""

    show_full_result_count = False
    paginator = CappedPaginator
    list_per_page = 50
    actions = None
    sortable_by = ()

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return OneOrder

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> Any:
        rows: Any = super().get_queryset(request)
        return rows.visible_to(request.user)


class OrderLineInline(admin.TabularInline):
    model = OrderLine
    fields = readonly_fields = ("position", "title", "variant", "quantity", "amount", "product_id", "number")
    can_delete = False
    extra = 0

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("complaints.view_order")


@admin.register(Order)
class OrderAdmin(ReadOnlyAdmin):
    list_display = ("number", "shop", "customer", "status", "paid_amount", "placed_at")
    list_select_related = ("shop", "customer")
    ordering = ("-id",)
    search_fields = ("number__exact",)
    search_help_text = _("The whole order number")
    inlines = (OrderLineInline,)
    fields = (
        "number", "shop", "customer", "status", "after_sales", "paid_amount", "currency", "placed_at", "paid_at",
        "shipped_at", "received_at", "courier", "tracking_number", "seller_note", "source", "updated_at",
    )  # fmt: skip


@admin.register(Customer)
class CustomerAdmin(ReadOnlyAdmin):
    list_display = ("masked_name", "masked_buyer", "masked_phone", "masked_email", "platform", "created_at")
    ordering = ("-id",)
    search_fields = ("name_hash",)
    search_help_text = _("The exact name, phone, e-mail or buyer id")
    fields = ("masked_name", "masked_buyer", "masked_phone", "masked_email", "platform", "created_at")

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        """By keyed hash: the columns themselves are encrypted."""
        if not search_term.strip():
            return queryset, False
        return queryset.matching(search_term), False

    @admin.display(description=_("name"))
    def masked_name(self, customer: Customer) -> str:
        return customer.masked_name

    @admin.display(description=_("buyer id"))
    def masked_buyer(self, customer: Customer) -> str:
        return customer.masked_buyer

    @admin.display(description=_("phone"))
    def masked_phone(self, customer: Customer) -> str:
        return customer.masked_phone

    @admin.display(description=_("e-mail"))
    def masked_email(self, customer: Customer) -> str:
        return customer.masked_email


@admin.register(ComplaintEvent)
class ComplaintEventAdmin(ReadOnlyAdmin):
    list_display = ("at", "number", "what", "who", "from_stage", "to_stage", "why")
    list_select_related = ("complaint", "actor")
    ordering = ("-id",)
    search_fields = ("complaint__number__startswith",)
    search_help_text = _("The number of the complaint")
    fields = ("at", "number", "what", "who", "from_stage", "to_stage", "why", "details")
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> Any:
        """Each row knows who reads it: some details are not for everybody."""
        rows = about_visible(ComplaintEvent.objects.all(), request.user)
        return rows.annotate(sees_liability=Value(request.user.has_perm("complaints.view_liabilityshare")))

    @admin.display(description=_("complaint"))
    def number(self, event: ComplaintEvent) -> str:
        return event.complaint.number

    @admin.display(description=_("what"))
    def what(self, event: ComplaintEvent) -> str:
        return event_label(event)

    @admin.display(description=_("details"))
    def details(self, event: Any) -> str:
        return event_details(event, event.sees_liability)

    @admin.display(description=_("why"))
    def why(self, event: Any) -> str:
        return event_reason(event, event.sees_liability)

    @admin.display(description=_("who"))
    def who(self, event: ComplaintEvent) -> str:
        return staff_name(event.actor) or str(_("the system"))

    @admin.display(description=_("from"))
    def from_stage(self, event: ComplaintEvent) -> str:
        return _stage(event.from_state)

    @admin.display(description=_("to"))
    def to_stage(self, event: ComplaintEvent) -> str:
        return _stage(event.to_state)


@admin.register(RecoveryClaim)
class RecoveryClaimAdmin(ReadOnlyAdmin):
    """Claims of all cases; the case page is where they are pursued."""

    list_display = ("number", "against", "name", "amount", "status", "due_at", "recovered_amount")
    list_select_related = ("complaint",)
    list_filter = ("status", "against")
    ordering = ("-id",)
    search_fields = ("complaint__number__startswith",)
    search_help_text = _("The number of the complaint")
    fields = (
        "number", "against", "name", "amount", "currency", "reference", "filed_by", "filed_at", "due_at", "status",
        "answered_at", "recovered_amount", "settled_at", "note",
    )  # fmt: skip

    @admin.display(description=_("complaint"))
    def number(self, claim: RecoveryClaim) -> str:
        return claim.complaint.number


def _stage(value: str) -> str:
    return str(State(value).label) if value in State.values else value


@admin.register(OutboxMessage)
class OutboxAdmin(ReadOnlyAdmin):
    """What was sent, what waits, and what a person must decide about (dead letters)."""

    list_display = ("subject", "audience", "way", "status", "attempt", "created_at", "sent_at", "last_error")
    list_select_related = ("robot", "subscription")
    list_filter = ("status", "audience", "channel")
    ordering = ("-created_at", "-id")
    fields = (
        "subject", "audience", "way", "masked_address", "body", "status", "attempt", "next_attempt_at", "last_error",
        "created_at", "sent_at", "message_id",
    )  # fmt: skip
    readonly_fields = fields
    change_form_template = "admin/complaints/outboxmessage/change_form.html"

    @admin.display(description=_("channel"))
    def way(self, message: OutboxMessage) -> str:
        if message.subscription:
            return f"{message.get_channel_display()} {message.subscription}"
        return f"{message.robot.get_kind_display()} {message.robot}" if message.robot else message.get_channel_display()

    @admin.display(description=_("address"))
    def masked_address(self, message: OutboxMessage) -> str:
        if message.robot or message.subscription:
            return self.way(message)
        return message.address if message.audience == OutboxMessage.Audience.STAFF else mask_email(message.address)

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        if context.get("original"):
            context["masked_address"] = self.masked_address(context["original"])
        return super().render_change_form(request, context, *args, **kwargs)

    def get_urls(self) -> list[Any]:
        again = path(
            "<int:object_id>/resend/",
            self.admin_site.admin_view(self.resend),
            name="complaints_outboxmessage_resend",
        )
        return [again, *super().get_urls()]

    def resend(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """POST sends a failed or uncertain message again."""
        message = self.get_object(request, str(object_id))
        if message is None or not request.user.has_perm("complaints.resend_message"):
            raise PermissionDenied
        if request.method == "POST":
            try:
                mailing.resend(object_id, actor=request.user, now=timezone.now())
                messages.success(request, _("The message will be sent again."))
            except Refused as refusal:
                messages.error(request, refusal.text)
        return redirect(reverse("admin:complaints_outboxmessage_change", args=[object_id]))
