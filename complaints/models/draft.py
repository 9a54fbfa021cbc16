from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from encrypted_fields.fields import EncryptedTextField


class RegistrationDraft(models.Model):
    """A registration form half filled in, kept for one person: another tab or another computer goes on with it.

    Kept here and not in the browser: it holds what a customer told of themselves, and others use the computer, too.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("person"), on_delete=models.CASCADE, related_name="+", db_index=False
    )
    token = models.UUIDField(editable=False)
    """Of the form: two forms in two tabs are two drafts."""
    typed = EncryptedTextField(editable=False)
    """Name of the field -> what was typed, as JSON."""
    saved_at = models.DateTimeField(_("saved"))

    class Meta:
        verbose_name = _("draft of a registration")
        verbose_name_plural = _("drafts of registrations")
        constraints = [models.UniqueConstraint(fields=["user", "token"], name="draft_once_per_form")]

    def __str__(self) -> str:
        return str(self.token)
