import django.db.models.deletion
import django_fsm
import knowledge.models.script
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('knowledge', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='replyscript',
            options={'ordering': ['stage', 'step', 'code'], 'permissions': [('publish_replyscript', 'Can publish reply scripts')], 'verbose_name': 'reply script', 'verbose_name_plural': 'reply scripts'},
        ),
        migrations.AddField(
            model_name='replyscript',
            name='channels',
            field=models.JSONField(blank=True, default=list, verbose_name='channels'),
        ),
        migrations.AddField(
            model_name='replyscript',
            name='issue_types',
            field=models.ManyToManyField(blank=True, related_name='scripts', to='knowledge.issuetype', verbose_name='issue types'),
        ),
        migrations.AddField(
            model_name='replyscript',
            name='tone',
            field=models.CharField(choices=[('warm', 'warm'), ('plain', 'matter-of-fact'), ('formal', 'formal')], default='warm', max_length=8, verbose_name='tone'),
        ),
        migrations.CreateModel(
            name='ScriptVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('status', django_fsm.FSMField(choices=[('draft', 'draft'), ('review', 'in review'), ('published', 'published'), ('retired', 'retired'), ('discarded', 'discarded')], default='draft', editable=False, max_length=50, protected=True, verbose_name='status')),
                ('number', models.PositiveSmallIntegerField(verbose_name='number')),
                ('text', models.TextField(validators=[knowledge.models.script.check_placeholders], verbose_name='text')),
                ('edition', models.PositiveIntegerField(default=1, editable=False)),
                ('created_at', models.DateTimeField(null=True, verbose_name='created')),
                ('published_at', models.DateTimeField(null=True, verbose_name='published on')),
                ('author', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='author')),
                ('script', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='versions', to='knowledge.replyscript')),
            ],
            options={
                'verbose_name': 'version of a script',
                'verbose_name_plural': 'versions of scripts',
                'ordering': ['script', '-number'],
            },
        ),
        migrations.CreateModel(
            name='ScriptEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=16)),
                ('at', models.DateTimeField(verbose_name='at')),
                ('comment', models.CharField(blank=True, max_length=500, verbose_name='comment')),
                ('changes', models.JSONField(default=dict)),
                ('actor', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('script', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='events', to='knowledge.replyscript')),
                ('version', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='events', to='knowledge.scriptversion')),
            ],
            options={
                'verbose_name': 'change of a script',
                'verbose_name_plural': 'changes of scripts',
                'ordering': ['-at', '-id'],
            },
        ),
        migrations.AddConstraint(
            model_name='scriptversion',
            constraint=models.UniqueConstraint(fields=('script', 'number'), name='scriptversion_number'),
        ),
        migrations.AddConstraint(
            model_name='scriptversion',
            constraint=models.UniqueConstraint(condition=models.Q(('status', 'published')), fields=('script',), name='scriptversion_one_published'),
        ),
        migrations.AddConstraint(
            model_name='scriptversion',
            constraint=models.UniqueConstraint(condition=models.Q(('status__in', ['draft', 'review'])), fields=('script',), name='scriptversion_one_open'),
        ),
        migrations.AddIndex(
            model_name='scriptevent',
            index=models.Index(fields=['script', '-at', '-id'], name='scriptevent_of'),
        ),
    ]
