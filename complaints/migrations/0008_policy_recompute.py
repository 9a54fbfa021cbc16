from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("complaints", "0011_calendar_recompute")]

    operations = [
        migrations.AddField(
            model_name="slapolicy",
            name="recompute_requested_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="slapolicy",
            name="recomputed_up_to",
            field=models.PositiveBigIntegerField(default=0, editable=False),
        ),
    ]
