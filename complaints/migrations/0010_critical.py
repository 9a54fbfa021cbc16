
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('complaints', '0007_empty_is_null'),
    ]

    operations = [
        migrations.AddField(
            model_name='complaint',
            name='next_critical_at',
            field=models.DateTimeField(editable=False, null=True),
        ),
    ]
