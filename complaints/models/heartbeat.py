from django.db import models


class Heartbeat(models.Model):
    """When a part of the background last did its round, or was first expected to (reliability.md, section 1)."""

    class Part(models.TextChoices):
        SWEEP = "sweep"
        DELIVER = "deliver"
        MEND = "mend"

    part = models.CharField(primary_key=True, max_length=16, choices=Part)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.part} {self.at:%Y-%m-%d %H:%M:%S}"
