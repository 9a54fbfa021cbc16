from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class FollowupsConfig(AppConfig):
    name = "followups"
    verbose_name = _("Follow-ups")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from complaints import signals

        from . import receivers

        signals.resolved.connect(receivers.create_follow_up, dispatch_uid="followups.create")
        signals.left_followup.connect(receivers.drop_follow_up, dispatch_uid="followups.drop")
        signals.callback_moved.connect(receivers.move_follow_up, dispatch_uid="followups.move")
