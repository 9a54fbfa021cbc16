from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from complaints.lifecycle import OPEN, Lifecycle, State
from complaints.remedy_rules import Level
from complaints.roles import STEP_PERMISSIONS
from knowledge.models import IssueType

from .customer import Customer
from .moment import Moment
from .order import Order
from .shop import Shop, shop_ids_of

ENDED_STATES = [str(state) for state in State if state not in OPEN]
OPEN_STATES = [str(state) for state in OPEN]
IS_OPEN = Q(state__in=OPEN_STATES)


class Channel(models.TextChoices):
    PLATFORM_CHAT = "platform_chat", _("Platform chat")
    SERVICE_TOOL = "service_tool", _("Customer-service tool")
    PHONE = "phone", _("Phone")
    SOCIAL = "social", _("Social media")
    EMAIL = "email", _("E-mail")
    WEB_FORM = "web_form", _("Web form")
    API = "api", _("API")
    FILE = "file", _("File import")


class Severity(models.TextChoices):
    S1 = "S1", _("S1 minor")
    S2 = "S2", _("S2 moderate")
    S3 = "S3", _("S3 serious")
    S4 = "S4", _("S4 critical")


class Priority(models.TextChoices):
    P1 = "P1", _("P1 urgent")
    P2 = "P2", _("P2 high")
    P3 = "P3", _("P3 normal")
    P4 = "P4", _("P4 low")


class ComplaintQuerySet(models.QuerySet["Complaint"]):
    def visible_to(self, user) -> "ComplaintQuerySet":
        """The complaints that this person may see; every path to a complaint starts here (domain.md, section 5)."""
        if not user.is_active or not user.is_staff or not user.has_perm("complaints.view_complaint"):
            return self.none()
        if user.has_perm("complaints.view_all_shops"):
            return self.all()
        if user.has_perm("complaints.view_executing"):
            return self.filter(Q(state=State.EXECUTING) | self._awaiting_large_approval() | self._with_open_claim())
        return self.filter(shop_id__in=shop_ids_of(user))

    @staticmethod
    def _awaiting_large_approval() -> Q:
        remedies = apps.get_model("complaints", "Remedy").objects
        large = remedies.filter(complaint=OuterRef("pk"), round=OuterRef("round"), approval_level=Level.L3)
        return Q(state__in=(State.PROPOSING, State.NEGOTIATING)) & Q(Exists(large))

    @staticmethod
    def _with_open_claim() -> Q:
        claims: Any = apps.get_model("complaints", "RecoveryClaim").objects
        return Q(pk__in=claims.open().values("complaint"))

    def open(self) -> "ComplaintQuerySet":
        return self.filter(IS_OPEN)

    def overdue(self, now) -> "ComplaintQuerySet":
        return self.open().filter(next_due_at__lte=now)

    def due_between(self, start, end) -> "ComplaintQuerySet":
        return self.open().filter(next_due_at__gt=start, next_due_at__lte=end)

    def came_back(self) -> "ComplaintQuerySet":
        """Ended complaints whose customer asks to reopen them."""
        return self.filter(reopen_asked_at__isnull=False)

    def unassigned(self) -> "ComplaintQuerySet":
        return self.open().filter(assignee__isnull=True)

    def assigned_to(self, user) -> "ComplaintQuerySet":
        return self.open().filter(assignee=user)

    def without_clock(self) -> "ComplaintQuerySet":
        """Open complaints whose stage nothing watches: there must be none, the mending sweep sees to it.

        Two questions, each answered from its own index: one condition with "or" would look at every open complaint.
        """
        deadlines: Any = Complaint._meta.get_field("deadlines").related_model
        running = deadlines.objects.running().of_stage().filter(complaint=OuterRef("pk"))
        rows = self.open().order_by()
        unset, unwatched = rows.filter(next_due_at__isnull=True), rows.filter(~Exists(running))
        return self.filter(pk__in=unset.values("pk").union(unwatched.values("pk"), all=True))


class Complaint(Lifecycle):
    """One matter of one customer, from registration to closing."""

    number = models.CharField(_("number"), max_length=20, unique=True, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)
    shop = models.ForeignKey(Shop, verbose_name=_("shop"), on_delete=models.PROTECT, related_name="complaints")
    customer = models.ForeignKey(
        Customer, verbose_name=_("customer"), null=True, blank=True, on_delete=models.PROTECT, related_name="complaints"
    )
    order = models.ForeignKey(
        Order, verbose_name=_("order"), null=True, blank=True, on_delete=models.PROTECT, related_name="complaints"
    )
    no_order_reason = models.CharField(_("reason for no order"), max_length=200, blank=True)
    issue_type = models.ForeignKey(
        IssueType, verbose_name=_("issue type"), null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    title = models.CharField(_("title"), max_length=120)
    description = models.TextField(_("what happened"), blank=True)
    demand = models.TextField(_("demand"), blank=True)
    channel = models.CharField(_("channel"), max_length=16, choices=Channel)
    severity = models.CharField(_("severity"), max_length=2, choices=Severity, default=Severity.S2)
    priority = models.CharField(_("priority"), max_length=2, choices=Priority, default=Priority.P3)
    priority_by_hand = models.BooleanField(_("priority set by hand"), default=False, editable=False)
    """Otherwise the policy gives it, and gives another one when what it depends on changes."""
    policy = models.ForeignKey(
        "complaints.SlaPolicy", verbose_name=_("time policy"), null=True, on_delete=models.PROTECT, related_name="+",
        editable=False,
    )  # fmt: skip
    held_at = models.DateTimeField(_("on hold since"), null=True, editable=False)
    hold_until = models.DateTimeField(_("on hold until"), null=True, editable=False)
    hold_reason = models.CharField(_("on hold because"), max_length=200, blank=True, editable=False)
    platform_opened_at = models.DateTimeField(_("platform case since"), null=True, editable=False)
    platform_due_at = models.DateTimeField(_("the platform's deadline"), null=True, editable=False)
    platform_reference = models.CharField(_("number of the platform case"), max_length=60, blank=True, editable=False)
    registered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("registered by"), null=True, on_delete=models.PROTECT,
        related_name="+", editable=False,
    )  # fmt: skip
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("assignee"), null=True, blank=True, on_delete=models.PROTECT,
        related_name="assigned_complaints",
    )  # fmt: skip
    accused = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("agent complained about"), null=True, blank=True,
        on_delete=models.PROTECT, related_name="+",
    )  # fmt: skip
    root_cause = models.TextField(_("root cause"), blank=True)
    evidence_waiver = models.CharField(_("evidence waived because"), max_length=300, blank=True)
    evidence_waived_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("evidence waived by"), null=True, on_delete=models.PROTECT,
        related_name="+", editable=False,
    )  # fmt: skip
    single_option_reason = models.CharField(_("reason for a single option"), max_length=300, blank=True)
    merged_into = models.ForeignKey(
        "self", verbose_name=_("merged into"), null=True, on_delete=models.PROTECT, related_name="merged",
        editable=False,
    )  # fmt: skip
    merged_at = models.DateTimeField(_("merged at"), null=True, editable=False)
    split_from = models.ForeignKey(
        "self", verbose_name=_("split off from"), null=True, on_delete=models.PROTECT, related_name="split_off",
        editable=False,
    )  # fmt: skip
    """The complaint to which its first contact had been made."""
    previous = models.ForeignKey(
        "self", verbose_name=_("follows"), null=True, on_delete=models.PROTECT, related_name="following",
        editable=False,
    )  # fmt: skip
    """The ended complaint about the same matter, which was over for too long to be reopened."""
    repeated = models.BooleanField(_("repeated complaint"), default=False, editable=False)
    """Whether there had been a complaint on the same order before."""
    reopen_asked_at = models.DateTimeField(_("the customer came back"), null=True, editable=False)
    """Since when an ended complaint waits for somebody to reopen it or to say why not."""
    registration_token = models.UUIDField(null=True, editable=False)
    received_at = models.DateTimeField(_("received at"))
    created_at = models.DateTimeField(_("registered at"), editable=False)
    changed_at = models.DateTimeField(_("last change"), db_default=Moment(), editable=False)
    """When its history grew last, by the database's clock: who reads the changes since a moment goes by it."""
    next_due_at = models.DateTimeField(_("next due"), null=True, editable=False)
    next_critical_at = models.DateTimeField(null=True, editable=False)
    """From when the clock that is due next is at risk; beside it, so that a list row needs no look at the clocks."""
    last_contact_at = models.DateTimeField(_("last contact"), null=True, editable=False)
    last_contact_inbound = models.BooleanField(_("last contact by the customer"), default=True, editable=False)

    touched = False
    """Whether whoever holds this instance has written `changed_at` already."""

    objects = ComplaintQuerySet.as_manager()

    class Meta:
        verbose_name = _("complaint")
        verbose_name_plural = _("complaints")
        constraints = [
            models.CheckConstraint(
                condition=Q(resolved_at__isnull=True) | Q(resolved_at__gte=F("round_started_at")),
                name="complaint_resolved_after_start",
            ),
            models.UniqueConstraint(
                fields=["registration_token"],
                condition=Q(registration_token__isnull=False),
                name="complaint_registered_once",
            ),
            models.CheckConstraint(condition=~Q(merged_into=F("id")), name="complaint_not_into_itself"),
            models.CheckConstraint(
                condition=Q(held_at__isnull=True, hold_until__isnull=True) | Q(hold_until__gt=F("held_at")),
                name="complaint_hold_ends",
            ),
            models.CheckConstraint(
                condition=Q(platform_opened_at__isnull=True, platform_due_at__isnull=True)
                | Q(platform_opened_at__isnull=False, platform_due_at__isnull=False),
                name="complaint_platform_case_is_due",
            ),
            models.CheckConstraint(
                condition=Q(state=State.MERGED, merged_into__isnull=False)
                | (~Q(state=State.MERGED) & Q(merged_into__isnull=True)),
                name="complaint_merged_has_target",
            ),
        ]
        indexes = [
            models.Index(fields=["next_due_at", "id"], condition=IS_OPEN, name="complaint_open_due"),
            models.Index(fields=["shop", "next_due_at", "id"], condition=IS_OPEN, name="complaint_shop_due"),
            models.Index(fields=["assignee", "next_due_at", "id"], condition=IS_OPEN, name="complaint_mine_due"),
            models.Index(
                fields=["next_due_at", "id"], condition=IS_OPEN & Q(assignee__isnull=True), name="complaint_unassigned"
            ),
            models.Index(fields=["state", "next_due_at", "id"], condition=IS_OPEN, name="complaint_stage_due"),
            models.Index(
                fields=["id"], condition=IS_OPEN & Q(next_due_at__isnull=True), name="complaint_without_clock"
            ),
            models.Index(fields=["closed_at"], condition=Q(closed_at__isnull=False), name="complaint_closed"),
            models.Index(fields=["changed_at"], condition=Q(state=State.CLOSED), name="complaint_closed_changed"),
            models.Index(fields=["hold_until", "id"], condition=Q(held_at__isnull=False), name="complaint_on_hold"),
            models.Index(fields=["policy", "id"], condition=IS_OPEN, name="complaint_open_by_policy"),
            models.Index(fields=["-received_at", "-id"], name="complaint_recent"),
            models.Index(fields=["-received_at", "-id"], condition=Q(state__in=ENDED_STATES), name="complaint_ended"),
            models.Index(fields=["shop", "-received_at", "-id"], name="complaint_shop_recent"),
            models.Index(fields=["shop", "changed_at", "id"], name="complaint_shop_changed"),
            models.Index(
                fields=["next_due_at", "id"],
                condition=Q(reopen_asked_at__isnull=False),
                name="complaint_came_back",
            ),
        ]
        permissions = [
            *STEP_PERMISSIONS,
            ("hold_complaint", "Can put complaints on hold and resume them"),
            ("set_platform_case", "Can record a platform case and its deadline"),
            ("claim_complaint", "Can claim an unassigned complaint"),
            ("pass_on_complaint", "Can pass on own complaints"),
            ("assign_complaint", "Can assign complaints to others"),
            ("set_liability", "Can settle liability"),
            ("waive_evidence", "Can waive missing evidence"),
            ("record_apology", "Can log the supervisor's apology call"),
            ("overrule_phrases", "Can let a reply pass that phrase rules block"),
            ("reveal_contact", "Can reveal masked contact data"),
            ("view_executing", "Can see complaints whose remedy is being carried out"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.title}"

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES

    @property
    def missing(self) -> list[tuple[str, Any]]:
        """Code and label of what the registration template still lacks (R3.2), in the order of the template."""
        checks = (
            ("complainant", _("complainant"), self.customer_id),
            ("order", _("order number (or the reason for none)"), self.order_id or self.no_order_reason),
            ("issue_type", _("issue type"), self.issue_type_id),
            ("demand", _("demand"), self.demand),
            ("contact", _("contact"), self.customer and self.customer.reachable),
        )
        return [(code, label) for code, label, present in checks if not present]

    @property
    def missing_fields(self) -> list[str]:
        """The labels of what is missing, in the reader's language."""
        return [str(label) for _code, label in self.missing]

    @property
    def is_about_service(self) -> bool:
        """Complaints about service need an apology call (R5.4)."""
        return bool(self.issue_type and self.issue_type.root_code == "SERV")


def about_visible(rows: Any, user: Any) -> Any:
    """Rows with a `complaint` that this person may see; who sees all needs no look at the complaints."""
    if user.is_active and user.is_staff and user.has_perms(("complaints.view_complaint", "complaints.view_all_shops")):
        return rows
    return rows.filter(complaint__in=Complaint.objects.visible_to(user))


class DailyNumber(models.Model):
    """The last complaint number given out on a day; the row is the lock."""

    day = models.DateField(primary_key=True)
    last = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.day}: {self.last}"
