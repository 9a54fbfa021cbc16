"""Clocks, alerts and promises of before: budgets and levels as they were in force, nobody is told anything twice."""

from django.db import migrations
from django.db.models import F

from complaints import sla

CHUNK = 500


def fill(apps, schema_editor):
    names = ("Complaint", "Deadline", "Alert", "Promise")
    Complaint, Deadline, Alert, Promise = (apps.get_model("complaints", name) for name in names)
    Deadline.objects.update(budget=F("due_at") - F("started_at"))
    running = Deadline.objects.filter(met_at=None, stopped_at=None)
    clocks, complaints = [], []
    for deadline in running.iterator(chunk_size=CHUNK):
        plan = sla.plan(sla.Terms(started_at=deadline.started_at, budget=deadline.budget), sla.LEVELS)
        deadline.levels = [[warn.level, warn.at.isoformat(), list(warn.audience)] for warn in plan]
        clocks.append(deadline)
        # Until now one clock ran at a time, and the complaint was due when it was.
        complaints.append(Complaint(pk=deadline.complaint_id, next_critical_at=sla.critical_from(plan)))
    Deadline.objects.bulk_update(clocks, ["levels"], batch_size=CHUNK)
    Complaint.objects.bulk_update(complaints, ["next_critical_at"], batch_size=CHUNK)
    Alert.objects.update(told_at=F("created_at"))
    # Until now every priority was a person's choice; the normal one was what nobody had changed.
    Complaint.objects.exclude(priority="P3").update(priority_by_hand=True)
    Promise.objects.exclude(status="open").update(settled_at=F("due_at"))


class Migration(migrations.Migration):
    dependencies = [("complaints", "0005_clocks")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
