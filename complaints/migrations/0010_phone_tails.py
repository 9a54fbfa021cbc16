"""Fingerprints of the last digits of the phone numbers that are known: chunk by chunk, and again from where it stopped."""

from django.conf import settings
from django.db import migrations

from complaints import identity

CHUNK = 500


def fill(apps, schema_editor):
    Customer = apps.get_model("complaints", "Customer")
    rows = Customer.objects.filter(phone_tail_hash="").exclude(phone_hash="").only("phone").order_by("pk")
    last = 0
    while chunk := list(rows.filter(pk__gt=last)[:CHUNK]):
        last = chunk[-1].pk
        for customer in chunk:
            tail = identity.phone_tail(customer.phone or "")
            customer.phone_tail_hash = identity.tail_fingerprint(tail, settings.AMENDS_HASH_KEY)
        Customer.objects.bulk_update(chunk, ["phone_tail_hash"])


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("complaints", "0009_merged_when")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
