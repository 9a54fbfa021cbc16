"""Signs of life as old as a test wants them, by the database's clock."""

from datetime import timedelta

from django.db.models.functions import Now

from complaints.models import Heartbeat


def pulse(**ages: timedelta) -> None:
    """`pulse(sweep=timedelta(minutes=6))`: that part did its last round so long ago; the others right now."""
    Heartbeat.objects.all().delete()
    Heartbeat.objects.bulk_create(
        Heartbeat(part=part, at=Now() - ages.get(part, timedelta())) for part in Heartbeat.Part.values
    )
