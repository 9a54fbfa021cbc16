import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


from knowledge.triggers import RULE_EVENTS


def install(apps, schema_editor):
    RULE_EVENTS.install(schema_editor.connection)


def remove(apps, schema_editor):
    RULE_EVENTS.remove(schema_editor.connection)


class Migration(migrations.Migration):

    dependencies = [
        ('knowledge', '0004_script_triggers'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='PhraseRule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(max_length=24, unique=True, verbose_name='code')),
                ('category', models.CharField(choices=[('mechanical', 'mechanical'), ('vague_time', 'vague time'), ('vague', 'vague'), ('over_promise', 'over-promising'), ('absolute', 'absolute'), ('blame_shift', 'shifting blame'), ('names_party', 'naming who is at fault'), ('blame_customer', 'blaming the customer'), ('offensive', 'offensive'), ('condescending', 'condescending'), ('review', 'asking for a review'), ('withdrawal', 'withdrawal as a condition'), ('off_platform', 'leading off the platform'), ('pity', 'asking for pity'), ('unfair', 'unfair term'), ('threat', 'threatening'), ('label', 'labelling the customer')], max_length=16, verbose_name='category')),
                ('level', models.CharField(choices=[('block', 'blocks'), ('warn', 'warns'), ('hint', 'hints')], default='warn', max_length=8, verbose_name='level')),
                ('scope', models.CharField(choices=[('reply', 'replies'), ('listing', 'listings'), ('both', 'replies and listings')], default='reply', max_length=8, verbose_name='holds for')),
                ('kind', models.CharField(choices=[('literal', 'phrases, word for word'), ('pattern', 'patterns (RE2)')], default='literal', max_length=8, verbose_name='kind')),
                ('patterns', models.TextField(verbose_name='looks for')),
                ('exceptions', models.TextField(blank=True, verbose_name='but not in')),
                ('reason', models.CharField(max_length=200, verbose_name='reason')),
                ('reason_en', models.CharField(blank=True, max_length=300, verbose_name='reason in English')),
                ('suggestion', models.CharField(blank=True, max_length=200, verbose_name='advice')),
                ('suggestion_en', models.CharField(blank=True, max_length=300, verbose_name='advice in English')),
                ('replacement', models.CharField(blank=True, max_length=200, verbose_name='replacement')),
                ('replacement_en', models.CharField(blank=True, max_length=300, verbose_name='replacement in English')),
                ('effective_from', models.DateField(blank=True, null=True, verbose_name='from')),
                ('effective_until', models.DateField(blank=True, null=True, verbose_name='until')),
                ('active', models.BooleanField(default=True, verbose_name='active')),
                ('examples_found', models.TextField(blank=True, verbose_name='sentences that it must find')),
                ('examples_innocent', models.TextField(blank=True, verbose_name='sentences that it must leave alone')),
                ('edition', models.PositiveIntegerField(default=1, editable=False)),
                ('updated_at', models.DateTimeField(verbose_name='updated')),
                ('script', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='knowledge.replyscript', verbose_name='script instead')),
            ],
            options={
                'verbose_name': 'phrase rule',
                'verbose_name_plural': 'phrase rules',
                'ordering': ['category', 'code'],
            },
        ),
        migrations.CreateModel(
            name='PhraseRuleEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=16)),
                ('at', models.DateTimeField(verbose_name='at')),
                ('changes', models.JSONField(default=dict)),
                ('actor', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('rule', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='events', to='knowledge.phraserule')),
            ],
            options={
                'verbose_name': 'change of a phrase rule',
                'verbose_name_plural': 'changes of phrase rules',
                'ordering': ['-at', '-id'],
            },
        ),
        migrations.AddConstraint(
            model_name='phraserule',
            constraint=models.CheckConstraint(condition=models.Q(('effective_from', None), ('effective_until', None), ('effective_from__lte', models.F('effective_until')), _connector='OR'), name='phraserule_dates_in_order'),
        ),
        migrations.AddIndex(
            model_name='phraseruleevent',
            index=models.Index(fields=['rule', '-at', '-id'], name='phraseruleevent_of'),
        ),
        migrations.RunPython(install, remove),
    ]
