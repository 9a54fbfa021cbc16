"""Replies drawn at random, scored by an inspector, answered by who wrote them."""

from datetime import date
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from knowledge.models import CriterionVersion

from .complaint import Complaint
from .contact import Contact


class SampleWeek(models.Model):
    """A week from which replies are drawn. Its seed is drawn once, so that drawing again goes on in the same order."""

    monday = models.DateField(_("week"), primary_key=True)
    seed = models.CharField(max_length=32, editable=False)

    class Meta:
        verbose_name = _("week of a sample")
        verbose_name_plural = _("weeks of samples")

    def __str__(self) -> str:
        return f"{self.monday:%G-W%V}"


class SampleDraw(models.Model):
    """Who drew how many replies of a week, when; append-only (complaints/triggers.py)."""

    week = models.ForeignKey(SampleWeek, on_delete=models.PROTECT, related_name="draws")
    shop = models.ForeignKey("complaints.Shop", null=True, on_delete=models.PROTECT, related_name="+")
    """Nothing: all shops that the inspector sees."""
    per_agent = models.PositiveSmallIntegerField(_("replies per agent"))
    added = models.PositiveIntegerField(_("added"))
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("drawing of a sample")
        verbose_name_plural = _("drawings of samples")
        ordering = ["-at", "-id"]

    def __str__(self) -> str:
        return f"{self.week_id} +{self.added}"


class ReplyReviewQuerySet(models.QuerySet["ReplyReview"]):
    def visible_to(self, user: Any) -> "ReplyReviewQuerySet":
        """What this person may see: inspectors all that was drawn, leads the scores of their shops, others their own.

        Always only of cases that the person sees; the case is where the reply is now.
        """
        if not user.is_active or not user.is_staff or not user.has_perm("complaints.view_replyreview"):
            return self.none()
        rows = self
        if not user.has_perms(("complaints.view_complaint", "complaints.view_all_shops")):
            rows = rows.filter(contact__complaint__in=Complaint.objects.visible_to(user))
        if user.has_perm("complaints.score_replyreview"):
            return rows.exclude(Q(author=user) & ~Q(status=ReplyReview.Status.SCORED))
        if user.has_perm("complaints.view_team_reviews"):
            return rows.scored()
        return rows.scored().filter(author=user)

    def scored(self) -> "ReplyReviewQuerySet":
        return self.filter(status=ReplyReview.Status.SCORED)

    def waiting(self) -> "ReplyReviewQuerySet":
        return self.filter(status=ReplyReview.Status.WAITING)

    def answered(self) -> "ReplyReviewQuerySet":
        """Scores whose agent has said something that no inspector has reacted to."""
        return self.scored().filter(answer_open=True)

    def unseen_by(self, user: Any) -> "ReplyReviewQuerySet":
        """The person's own scores with something new in them."""
        return self.scored().filter(author=user, seen_at=None)

    def of_weeks(self, first: date, last: date) -> "ReplyReviewQuerySet":
        """Mondays from the first to the last."""
        return self.filter(week__gte=first, week__lte=last)


class ReplyReview(models.Model):
    """One reply in a sample: waiting for an inspector, scored, or left out with a reason."""

    class Status(models.TextChoices):
        WAITING = "waiting", _("to be scored")
        SCORED = "scored", _("scored")
        SKIPPED = "skipped", _("left out")

    contact = models.OneToOneField(Contact, on_delete=models.PROTECT, related_name="review")
    week = models.ForeignKey(SampleWeek, verbose_name=_("week"), on_delete=models.PROTECT, related_name="reviews")
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("agent"), on_delete=models.PROTECT, related_name="+", db_index=False
    )
    status = models.CharField(_("status"), max_length=8, choices=Status, default=Status.WAITING)
    version = models.PositiveIntegerField(default=1, editable=False)
    percent = models.PositiveSmallIntegerField(_("score"), null=True)
    """Points by weight, of all that could be had; nothing until it is scored."""
    comment = models.TextField(_("comment"), blank=True)
    reason = models.CharField(_("why it was left out"), max_length=300, blank=True)
    inspector = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("inspector"), null=True, on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField(_("decided"), null=True)
    seen_at = models.DateTimeField(_("seen by the agent"), null=True)
    answer_open = models.BooleanField(_("answer waits for an inspector"), default=False)

    objects = ReplyReviewQuerySet.as_manager()

    class Meta:
        verbose_name = _("score of a reply")
        verbose_name_plural = _("reply quality")
        ordering = ["-id"]
        permissions = [
            ("score_replyreview", "Can draw and score replies"),
            ("answer_replyreview", "Can answer the score of an own reply"),
            ("view_team_reviews", "Can see the scores of others"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(status="scored", percent__isnull=False, percent__lte=100)
                | (~Q(status="scored") & Q(percent=None)),
                name="replyreview_scored_has_percent",
            ),
        ]
        indexes = [
            models.Index(fields=["author", "week"], name="replyreview_of_agent"),
            models.Index(fields=["status", "-id"], name="replyreview_by_status"),
            models.Index(fields=["author"], condition=Q(status="scored", seen_at=None), name="replyreview_unseen"),
            models.Index(fields=["-id"], condition=Q(answer_open=True), name="replyreview_answered"),
        ]

    def __str__(self) -> str:
        return f"{self.week_id} / {self.contact_id}"


class ReviewPoint(models.Model):
    """The points for one criterion, and the words by which they were given."""

    review = models.ForeignKey(ReplyReview, on_delete=models.PROTECT, related_name="points")
    criterion = models.ForeignKey(CriterionVersion, on_delete=models.PROTECT, related_name="+")
    points = models.PositiveSmallIntegerField(_("points"))

    class Meta:
        verbose_name = _("points")
        verbose_name_plural = _("points")
        constraints = [models.UniqueConstraint(fields=["review", "criterion"], name="reviewpoint_once")]

    def __str__(self) -> str:
        return f"{self.review_id} / {self.criterion_id}: {self.points}"


class ReviewEvent(models.Model):
    """Who scored, corrected, left out or said something, when and why; append-only (complaints/triggers.py)."""

    class Kind(models.TextChoices):
        SCORED = "scored", _("scored the reply")
        CORRECTED = "corrected", _("corrected the score")
        SKIPPED = "skipped", _("left the reply out")
        ANSWERED = "answered", pgettext_lazy("what an agent did", "answered")
        REPLIED = "replied", _("kept the score and answered")
        SEEN = "seen", _("has seen the score")

    review = models.ForeignKey(ReplyReview, on_delete=models.PROTECT, related_name="events")
    kind = models.CharField(max_length=12, choices=Kind)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(_("at"))
    text = models.TextField(_("text"), blank=True)
    changes = models.JSONField(default=dict)
    """Of a score: `percent` and each criterion's code -> [before, after]; plain values."""

    class Meta:
        verbose_name = _("event of a score")
        verbose_name_plural = _("events of scores")
        ordering = ["at", "id"]

    def __str__(self) -> str:
        return f"{self.review_id} {self.kind}"
