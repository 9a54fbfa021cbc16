import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('complaints', '0010_phone_tails'),
        ('knowledge', '0004_script_triggers'),
    ]

    operations = [
        migrations.CreateModel(
            name='ScriptUse',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('percent_edited', models.PositiveSmallIntegerField(verbose_name='share edited')),
                ('contact', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='script_uses', to='complaints.contact')),
                ('version', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='uses', to='knowledge.scriptversion')),
            ],
            options={
                'verbose_name': 'use of a script',
                'verbose_name_plural': 'uses of scripts',
                'constraints': [models.UniqueConstraint(fields=('contact', 'version'), name='scriptuse_once'), models.CheckConstraint(condition=models.Q(('percent_edited__lte', 100)), name='scriptuse_percent')],
            },
        ),
    ]
