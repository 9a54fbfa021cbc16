"""Give the complaints of before the keys of their matters: the open ones, and those that may still be reopened."""

from datetime import timedelta

from django.db import migrations
from django.db.models import Q
from django.utils import timezone

from complaints.matter_keys import Subject, products_of

ENDED = ('closed', 'merged', 'withdrawn', 'unfounded')
BATCH = 500
STILL_OF_INTEREST = timedelta(days=60)


def subject_of(complaint):
    order, customer = complaint.order, complaint.customer
    return Subject(
        shop=complaint.shop_id,
        order_number=order.number if order else '',
        marks=tuple(getattr(customer, f'{kind}_hash') for kind in ('buyer', 'phone', 'email')) if customer else (),
        issue_type=complaint.issue_type_id,
        products=products_of([(line.product_id, line.title) for line in order.lines.all()] if order else []),
    )


def give_keys(apps, schema_editor):
    Complaint, Matter = (apps.get_model('complaints', name) for name in ('Complaint', 'Matter'))
    since = timezone.now() - STILL_OF_INTEREST
    rows = Complaint.objects.filter(~Q(state__in=ENDED) | Q(state='closed', closed_at__gte=since))
    # The earliest open one holds the matter, as if the others had come to it; then the ended ones, the latest first.
    opened = rows.exclude(state='closed').order_by('received_at', 'pk')
    ended = rows.filter(state='closed').order_by('-closed_at', '-pk')
    for part in (opened, ended):
        part = part.select_related('order', 'customer').prefetch_related('order__lines')
        part = part.defer('customer__name', 'customer__phone', 'customer__email', 'customer__buyer')
        found = []
        for complaint in part.iterator(chunk_size=BATCH):
            seen_at = complaint.last_contact_at or complaint.received_at
            found += [Matter(key=key, complaint=complaint, seen_at=seen_at) for key in subject_of(complaint).keys]
            if len(found) >= BATCH:
                Matter.objects.bulk_create(found, ignore_conflicts=True)
                found = []
        Matter.objects.bulk_create(found, ignore_conflicts=True)


class Migration(migrations.Migration):
    dependencies = [('complaints', '0007_intake')]

    operations = [migrations.RunPython(give_keys, migrations.RunPython.noop)]
