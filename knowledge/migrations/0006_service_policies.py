import django.db.models.deletion
import django_fsm
from django.conf import settings
from django.db import migrations, models

from knowledge import policy_triggers


def install(apps, schema_editor):
    policy_triggers.install(schema_editor.connection)


def remove(apps, schema_editor):
    policy_triggers.remove(schema_editor.connection)


class Migration(migrations.Migration):

    dependencies = [
        ('knowledge', '0005_phrase_rules'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='ServicePolicy',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('returns', 'returns and exchanges'), ('warranty', 'warranty'), ('shipping', 'shipping and delivery'), ('disputes', 'complaints and disputes')], max_length=12, verbose_name='matter')),
                ('shop_ref', models.PositiveBigIntegerField(blank=True, editable=False, null=True, verbose_name='shop')),
            ],
            options={
                'verbose_name': 'service policy',
                'verbose_name_plural': 'service policies',
                'ordering': ['kind', 'pk'],
                'permissions': [('publish_servicepolicy', 'Can publish service policies')],
                'constraints': [models.UniqueConstraint(fields=('kind', 'shop_ref'), name='servicepolicy_once_per_shop'), models.UniqueConstraint(condition=models.Q(('shop_ref__isnull', True)), fields=('kind',), name='servicepolicy_once_for_all')],
            },
        ),
        migrations.CreateModel(
            name='ServicePolicyVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('status', django_fsm.FSMField(choices=[('draft', 'draft'), ('review', 'in review'), ('published', 'published'), ('retired', 'retired'), ('discarded', 'discarded')], default='draft', editable=False, max_length=50, protected=True, verbose_name='status')),
                ('number', models.PositiveSmallIntegerField(verbose_name='number')),
                ('text', models.TextField(verbose_name='Chinese text')),
                ('text_en', models.TextField(blank=True, verbose_name='English text')),
                ('sources', models.CharField(blank=True, max_length=500, verbose_name='legal basis')),
                ('reviewed_on', models.DateField(blank=True, null=True, verbose_name='checked against the law on')),
                ('edition', models.PositiveIntegerField(default=1, editable=False)),
                ('created_at', models.DateTimeField(null=True, verbose_name='created')),
                ('published_at', models.DateTimeField(null=True, verbose_name='published on')),
                ('effective_from', models.DateTimeField(null=True, verbose_name='in force from')),
                ('ended_at', models.DateTimeField(null=True, verbose_name='withdrawn on')),
                ('author', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='author')),
                ('policy', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='versions', to='knowledge.servicepolicy')),
                ('published_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'version of a service policy',
                'verbose_name_plural': 'versions of service policies',
                'ordering': ['policy', '-number'],
            },
        ),
        migrations.CreateModel(
            name='ServicePolicyEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=16)),
                ('at', models.DateTimeField(verbose_name='at')),
                ('comment', models.CharField(blank=True, max_length=500, verbose_name='comment')),
                ('changes', models.JSONField(default=dict)),
                ('actor', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('policy', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='events', to='knowledge.servicepolicy')),
                ('version', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='events', to='knowledge.servicepolicyversion')),
            ],
            options={
                'verbose_name': 'change of a service policy',
                'verbose_name_plural': 'changes of service policies',
                'ordering': ['-at', '-id'],
            },
        ),
        migrations.AddConstraint(
            model_name='servicepolicyversion',
            constraint=models.UniqueConstraint(fields=('policy', 'number'), name='servicepolicyversion_number'),
        ),
        migrations.AddConstraint(
            model_name='servicepolicyversion',
            constraint=models.UniqueConstraint(condition=models.Q(('status__in', ('draft', 'review'))), fields=('policy',), name='servicepolicyversion_one_open'),
        ),
        migrations.AddConstraint(
            model_name='servicepolicyversion',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('status__in', ('published', 'retired')), _negated=True), ('effective_from__isnull', False), _connector='OR'), name='servicepolicyversion_effective_when_published'),
        ),
        migrations.AddConstraint(
            model_name='servicepolicyversion',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('status', 'retired'), _negated=True), ('ended_at__isnull', False), _connector='OR'), name='servicepolicyversion_ended_when_retired'),
        ),
        migrations.AddIndex(
            model_name='servicepolicyevent',
            index=models.Index(fields=['policy', '-at', '-id'], name='servicepolicyevent_of'),
        ),
        migrations.RunPython(install, remove),
    ]
