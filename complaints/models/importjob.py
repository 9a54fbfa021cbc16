"""Files on their way in, and how their columns were read the last time."""

import uuid
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from .shop import Shop, shop_ids_of


class Encoding(models.TextChoices):
    UTF_8 = "utf-8", "UTF-8"
    UTF_8_SIG = "utf-8-sig", _("UTF-8 with a mark")
    GB18030 = "gb18030", "GB18030 (GBK)"
    UTF_16 = "utf-16", "UTF-16"
    UTF_16_LE = "utf-16-le", "UTF-16 LE"
    UTF_16_BE = "utf-16-be", "UTF-16 BE"


class Delimiter(models.TextChoices):
    COMMA = ",", _("comma")
    TAB = "\t", _("tab")
    SEMICOLON = ";", _("semicolon")


class ImportKind(models.TextChoices):
    ORDERS = "orders", _("orders")
    COMPLAINTS = "complaints", _("complaints")


class Reading(models.Model):
    """How the rows of a file are read: its text, where its columns stand, and what they mean."""

    shop = models.ForeignKey(Shop, verbose_name=_("shop"), on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(_("kind"), max_length=12, choices=ImportKind, blank=True)
    encoding = models.CharField(_("encoding"), max_length=12, choices=Encoding, blank=True)
    delimiter = models.CharField(_("delimiter"), max_length=1, choices=Delimiter, blank=True)
    header_row = models.PositiveIntegerField(_("row of the column names"), default=1)
    columns = models.JSONField(default=dict, editable=False)
    """Field -> its column, counted from 0."""
    several_rows = models.BooleanField(_("an order takes several rows, one for each product"), default=True)

    class Meta:
        abstract = True


class ImportMapping(Reading):
    """What the columns of a file meant, for the next one with the same columns in this shop."""

    signature = models.CharField(max_length=64, editable=False)
    used_at = models.DateTimeField(_("last used"))

    class Meta:
        verbose_name = _("column mapping")
        verbose_name_plural = _("column mappings")
        constraints = [models.UniqueConstraint(fields=["shop", "signature"], name="mapping_once_per_header")]

    def __str__(self) -> str:
        return f"{self.shop}: {self.get_kind_display()}"


class ImportJobQuerySet(models.QuerySet["ImportJob"]):
    def visible_to(self, user: Any) -> "ImportJobQuerySet":
        """The own ones, as long as one works for the shop; those of all for who sees all shops."""
        if not user.is_active or not user.is_staff or not user.has_perm("complaints.view_importjob"):
            return self.none()
        if user.has_perm("complaints.view_all_shops"):
            return self.all()
        return self.filter(requested_by=user, shop_id__in=shop_ids_of(user))

    def waiting(self) -> "ImportJobQuerySet":
        """Those on which a worker has to go on."""
        return self.filter(state__in=ImportJob.WORKED_ON)


class ImportJob(Reading):
    """One file on its way in: what it holds, how far the desk is with it, and what has come of it."""

    class State(models.TextChoices):
        NEW = "new", _("columns to be named")
        PREVIEWING = "previewing", _("being looked through")
        READY = "ready", _("ready to start")
        RUNNING = "running", _("being imported")
        DONE = "done", pgettext_lazy("file", "imported")
        CANCELLED = "cancelled", _("cancelled")
        FAILED = "failed", pgettext_lazy("file", "failed")

    WORKED_ON = (State.PREVIEWING, State.RUNNING)
    OPEN = (State.NEW, State.PREVIEWING, State.READY, State.RUNNING)

    generation = models.PositiveSmallIntegerField(default=1, editable=False)
    """How often it was said how the file is to be read; each reading has a spool of its own."""
    folder = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    original_name = models.CharField(_("file"), max_length=200)
    size = models.PositiveBigIntegerField(_("size"))
    sha256 = models.CharField(max_length=64, editable=False)
    layout = models.CharField(_("layout"), max_length=40, blank=True)
    """Of a platform; empty where the columns were named by hand."""
    table = models.PositiveSmallIntegerField(_("table"), default=0)
    header = models.JSONField(default=list, editable=False)
    """The names of the columns."""
    state = models.CharField(_("state"), max_length=12, choices=State, default=State.NEW)
    rows_read = models.PositiveIntegerField(_("rows read"), default=0)
    rows_total = models.PositiveIntegerField(_("rows"), null=True)
    """None while the file is still being read."""
    rows_done = models.PositiveIntegerField(_("rows done"), default=0)
    position = models.PositiveIntegerField(default=0, editable=False)
    """Of the last row that was gone through, as the file counts; what comes next begins behind it."""
    digits_lost = models.BooleanField(default=False, editable=False)
    shop_names = models.JSONField(default=list, editable=False)
    expected = models.JSONField(default=dict, editable=False)
    """What the preview has found: so many new, changed, same, bad, ended, old."""
    take_ended = models.BooleanField(_("take in cases that the platform has closed"), default=False)
    take_old = models.BooleanField(_("take in old cases"), default=False)
    created = models.PositiveIntegerField(_("new"), default=0)
    changed = models.PositiveIntegerField(_("changed"), default=0)
    unchanged = models.PositiveIntegerField(_("unchanged"), default=0)
    refused = models.PositiveIntegerField(_("rows refused"), default=0)
    left_out = models.PositiveIntegerField(_("left out"), default=0)
    unsettled = models.JSONField(default=list, editable=False)
    """Ids of orders for which another amount is known, and whose complaints have to be asked yet."""
    owner = models.CharField(max_length=40, blank=True, editable=False)
    attempt = models.PositiveIntegerField(default=0, editable=False)
    tries = models.PositiveSmallIntegerField(default=0, editable=False)
    """Claims since it last came forward."""
    lease_until = models.DateTimeField(null=True, editable=False)
    turn_at = models.DateTimeField(editable=False)
    """Who waits longest goes on first."""
    problem = models.JSONField(default=dict, editable=False)
    """Why it failed: name and names of a problem, to be said in the reader's language."""
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("requested by"), null=True, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(_("uploaded"))
    started_at = models.DateTimeField(_("started"), null=True)
    finished_at = models.DateTimeField(_("finished"), null=True)
    forgotten_at = models.DateTimeField(_("file deleted"), null=True)

    objects = ImportJobQuerySet.as_manager()

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["turn_at"], condition=Q(state__in=["previewing", "running"]), name="import_waiting"),
            models.Index(fields=["shop", "sha256"], name="import_same_file"),
            models.Index(fields=["created_at"], condition=Q(forgotten_at=None), name="import_kept"),
        ]

    def __str__(self) -> str:
        return self.original_name

    @property
    def is_open(self) -> bool:
        return self.state in self.OPEN

    @property
    def place(self) -> Path:
        """The folder of its files, for our own eyes; every worker must see the same one."""
        return Path(settings.MEDIA_ROOT) / "imports" / self.folder.hex

    @property
    def source(self) -> Path:
        return self.place / "source"

    @property
    def spool(self) -> Path:
        return self.place / f"rows-{self.generation}.sqlite3"
