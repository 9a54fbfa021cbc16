"""When those were merged that are merged: their history tells."""

from typing import Any

from django.db import migrations
from django.db.models import Max, OuterRef, Subquery


def tell_when(apps: Any, schema_editor: Any) -> None:
    complaints = apps.get_model("complaints", "Complaint").objects
    events = apps.get_model("complaints", "ComplaintEvent").objects
    merges = events.filter(complaint=OuterRef("pk"), kind="merge").order_by().values("complaint")
    when = Subquery(merges.annotate(last=Max("at")).values("last"))
    complaints.filter(state="merged", merged_at=None).update(merged_at=when)


class Migration(migrations.Migration):
    dependencies = [("complaints", "0008_matters_as_they_were")]

    operations = [migrations.RunPython(tell_when, migrations.RunPython.noop)]
