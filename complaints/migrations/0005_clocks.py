import complaints.models.calendar
import complaints.models.policy
import datetime
import django.core.validators
import django.db.models.deletion
import encrypted_fields.fields
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('complaints', '0004_indexes'),
        ('knowledge', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Absence',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('starts_at', models.DateTimeField(verbose_name='from')),
                ('ends_at', models.DateTimeField(verbose_name='until')),
                ('note', models.CharField(blank=True, max_length=120, verbose_name='note')),
            ],
            options={
                'verbose_name': 'absence',
                'verbose_name_plural': 'absences',
                'ordering': ['-starts_at'],
            },
        ),
        migrations.CreateModel(
            name='AlertPreference',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('language', models.CharField(choices=[('zh-hans', 'Simplified Chinese'), ('en', 'English')], default='zh-hans', max_length=10, verbose_name='language')),
                ('email', models.BooleanField(default=True, verbose_name='alerts by e-mail')),
                ('quiet_from', models.TimeField(blank=True, null=True, verbose_name='quiet from')),
                ('quiet_until', models.TimeField(blank=True, null=True, verbose_name='quiet until')),
                ('bundle_over', models.PositiveSmallIntegerField(default=5, help_text='More alerts than that at once come as one message.', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(50)], verbose_name='bundle more than')),
                ('morning_digest', models.BooleanField(default=True, verbose_name='morning digest')),
                ('weekly_digest', models.BooleanField(default=True, verbose_name='weekly digest')),
            ],
            options={
                'verbose_name': 'alert preference',
                'verbose_name_plural': 'alert preferences',
            },
        ),
        migrations.CreateModel(
            name='CalendarDay',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField(verbose_name='day')),
                ('kind', models.CharField(choices=[('holiday', 'public holiday'), ('makeup', 'make-up workday'), ('closing', 'shop closed'), ('special', 'own hours'), ('plain', 'ordinary weekday')], max_length=8, verbose_name='kind')),
                ('hours', models.JSONField(blank=True, default=list, validators=[complaints.models.calendar.valid_hours], verbose_name='hours')),
                ('name', models.CharField(blank=True, max_length=80, verbose_name='name')),
                ('source', models.CharField(choices=[('seed', 'announced'), ('statutory', 'statutory, not yet announced'), ('file', 'from a file'), ('hand', 'by hand')], default='hand', max_length=10, verbose_name='source')),
            ],
            options={
                'verbose_name': 'day',
                'verbose_name_plural': 'days',
                'ordering': ['day'],
            },
        ),
        migrations.CreateModel(
            name='CalendarYear',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('year', models.PositiveSmallIntegerField(verbose_name='year')),
                ('announced', models.BooleanField(default=False, verbose_name='announced')),
            ],
            options={
                'verbose_name': 'year',
                'verbose_name_plural': 'years',
                'ordering': ['year'],
            },
        ),
        migrations.CreateModel(
            name='Department',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.SlugField(max_length=16, unique=True, verbose_name='code')),
                ('name', models.CharField(max_length=60, verbose_name='name')),
                ('name_en', models.CharField(blank=True, max_length=80, verbose_name='English name')),
                ('active', models.BooleanField(default=True, verbose_name='active')),
            ],
            options={
                'verbose_name': 'department',
                'verbose_name_plural': 'departments',
                'ordering': ['pk'],
            },
        ),
        migrations.CreateModel(
            name='Heartbeat',
            fields=[
                ('part', models.CharField(choices=[('sweep', 'Sweep'), ('deliver', 'Deliver'), ('mend', 'Mend')], max_length=16, primary_key=True, serialize=False)),
                ('at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='Inquiry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('question', models.TextField(verbose_name='question')),
                ('asked_at', models.DateTimeField(verbose_name='asked at')),
                ('due_at', models.DateTimeField(verbose_name='due')),
                ('status', models.CharField(choices=[('open', 'open'), ('answered', 'answered'), ('withdrawn', 'withdrawn')], default='open', max_length=9, verbose_name='status')),
                ('expected_at', models.DateTimeField(null=True, verbose_name='answer expected')),
                ('expected_reason', models.CharField(blank=True, max_length=300, verbose_name='needs time because')),
                ('answer', models.TextField(blank=True, verbose_name='answer')),
                ('told_by', models.CharField(blank=True, max_length=60, verbose_name='told by')),
                ('answered_at', models.DateTimeField(null=True, verbose_name='answered at')),
                ('reason', models.CharField(blank=True, max_length=300, verbose_name='withdrawn because')),
            ],
            options={
                'verbose_name': 'inquiry',
                'verbose_name_plural': 'inquiries',
                'ordering': ['asked_at', 'id'],
                'permissions': [('answer_inquiry', 'Can answer what the own department is asked')],
            },
        ),
        migrations.CreateModel(
            name='RecoveryClaim',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('against', models.CharField(choices=[('courier', 'courier'), ('supplier', 'supplier'), ('other', 'other')], default='courier', max_length=8, verbose_name='against')),
                ('name', models.CharField(max_length=60, verbose_name='company')),
                ('amount', models.DecimalField(decimal_places=2, max_digits=12, verbose_name='amount claimed')),
                ('currency', models.CharField(default='CNY', max_length=3, verbose_name='currency')),
                ('reference', models.CharField(blank=True, max_length=80, verbose_name='claim number')),
                ('filed_at', models.DateTimeField(verbose_name='filed at')),
                ('due_at', models.DateTimeField(verbose_name='answer due')),
                ('status', models.CharField(choices=[('filed', 'filed'), ('answered', 'answered'), ('recovered', 'recovered'), ('lost', 'lost'), ('withdrawn', 'withdrawn')], default='filed', max_length=9, verbose_name='status')),
                ('answered_at', models.DateTimeField(null=True, verbose_name='answered at')),
                ('recovered_amount', models.DecimalField(decimal_places=2, max_digits=12, null=True, verbose_name='amount recovered')),
                ('settled_at', models.DateTimeField(null=True, verbose_name='settled at')),
                ('note', models.CharField(blank=True, max_length=300, verbose_name='note')),
            ],
            options={
                'verbose_name': 'recovery claim',
                'verbose_name_plural': 'recovery claims',
                'ordering': ['filed_at', 'id'],
            },
        ),
        migrations.CreateModel(
            name='Robot',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=60, unique=True, verbose_name='name')),
                ('kind', models.CharField(choices=[('wecom', 'WeCom'), ('dingtalk', 'DingTalk'), ('feishu', 'Feishu'), ('webhook', 'Webhook')], max_length=8, verbose_name='kind')),
                ('url', encrypted_fields.fields.EncryptedCharField(max_length=500, verbose_name='address')),
                ('secret', encrypted_fields.fields.EncryptedCharField(blank=True, help_text='As the platform shows it; WeCom has none.', max_length=200, null=True, verbose_name='signing secret')),
                ('language', models.CharField(choices=[('zh-hans', 'Simplified Chinese'), ('en', 'English')], default='zh-hans', max_length=10, verbose_name='language')),
                ('active', models.BooleanField(default=True, verbose_name='active')),
            ],
            options={
                'verbose_name': 'chat robot',
                'verbose_name_plural': 'chat robots',
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='SettingChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(verbose_name='at')),
                ('subject', models.CharField(max_length=40, verbose_name='setting')),
                ('subject_id', models.BigIntegerField()),
                ('name', models.CharField(max_length=120, verbose_name='name')),
                ('changes', models.JSONField(default=dict, verbose_name='changes')),
            ],
            options={
                'verbose_name': 'change of a setting',
                'verbose_name_plural': 'changes of settings',
                'ordering': ['-at', '-id'],
            },
        ),
        migrations.CreateModel(
            name='SlaPolicy',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=60, unique=True, verbose_name='name')),
                ('position', models.PositiveIntegerField(db_index=True, default=0, verbose_name='position')),
                ('active', models.BooleanField(default=True, verbose_name='active')),
                ('platforms', models.JSONField(blank=True, default=list, verbose_name='platforms')),
                ('channels', models.JSONField(blank=True, default=list, verbose_name='channels')),
                ('severities', models.JSONField(blank=True, default=list, verbose_name='severities')),
                ('amount_from', models.DecimalField(blank=True, decimal_places=2, max_digits=12, null=True, verbose_name='paid amount from')),
                ('amount_below', models.DecimalField(blank=True, decimal_places=2, max_digits=12, null=True, verbose_name='paid amount below')),
                ('platform_case', models.BooleanField(blank=True, help_text='Whether the platform has intervened; empty: either.', null=True, verbose_name='platform case')),
                ('priority', models.CharField(choices=[('P1', 'P1 urgent'), ('P2', 'P2 high'), ('P3', 'P3 normal'), ('P4', 'P4 low')], default='P3', max_length=2, verbose_name='gives priority')),
                ('recompute_requested_at', models.DateTimeField(editable=False, null=True)),
                ('recomputed_up_to', models.PositiveBigIntegerField(default=0, editable=False)),
            ],
            options={
                'verbose_name': 'time policy',
                'verbose_name_plural': 'time policies',
                'ordering': ['position', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='SlaTarget',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('first_response', 'first response'), ('verification', 'verification'), ('proposal', 'proposal'), ('execution', 'execution'), ('callback', 'call-back'), ('promise', 'promise'), ('inquiry', 'inquiry'), ('recovery', 'recovery claim'), ('platform', 'platform case')], max_length=16, verbose_name='clock')),
                ('budget_minutes', models.PositiveIntegerField(blank=True, null=True, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(527040)], verbose_name='budget')),
                ('working', models.BooleanField(default=False, verbose_name='working time')),
                ('pausable', models.BooleanField(default=True, verbose_name='paused by a hold')),
                ('levels', models.JSONField(default=complaints.models.policy.default_levels, validators=[complaints.models.policy.valid_levels], verbose_name='warn levels')),
            ],
            options={
                'verbose_name': 'target',
                'verbose_name_plural': 'targets',
                'ordering': ['policy', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='WorkCalendar',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=60, unique=True, verbose_name='name')),
                ('time_zone', models.CharField(default='Asia/Shanghai', max_length=40, validators=[complaints.models.calendar.known_zone], verbose_name='time zone')),
                ('region', models.CharField(blank=True, default='CN', help_text='Country code, for example CN or DE; empty: none are loaded.', max_length=2, verbose_name='public holidays of')),
                ('week', models.JSONField(default=complaints.models.calendar.office_week, validators=[complaints.models.calendar.valid_week], verbose_name='weekly hours')),
                ('is_default', models.BooleanField(default=False, help_text='For shops that name no calendar of their own.', verbose_name='default')),
                ('recompute_requested_at', models.DateTimeField(editable=False, null=True)),
                ('recompute_after', models.PositiveBigIntegerField(default=0, editable=False)),
            ],
            options={
                'verbose_name': 'work calendar',
                'verbose_name_plural': 'work calendars',
                'ordering': ['-is_default', 'name'],
            },
        ),
        migrations.AlterModelOptions(
            name='complaint',
            options={'permissions': [('accept_complaint', 'Can take step: accept'), ('start_verification_complaint', 'Can take step: start_verification'), ('conclude_verification_complaint', 'Can take step: conclude_verification'), ('offer_complaint', 'Can take step: offer'), ('decline_complaint', 'Can take step: decline'), ('agree_complaint', 'Can take step: agree'), ('resolve_complaint', 'Can take step: resolve'), ('close_complaint', 'Can take step: close'), ('supplement_complaint', 'Can take step: supplement'), ('reopen_complaint', 'Can take step: reopen'), ('withdraw_complaint', 'Can take step: withdraw'), ('find_unfounded_complaint', 'Can take step: find_unfounded'), ('merge_complaint', 'Can take step: merge'), ('unmerge_complaint', 'Can take step: unmerge'), ('hold_complaint', 'Can put complaints on hold and resume them'), ('set_platform_case', 'Can record a platform case and its deadline'), ('claim_complaint', 'Can claim an unassigned complaint'), ('assign_complaint', 'Can assign complaints to others'), ('set_liability', 'Can settle liability'), ('waive_evidence', 'Can waive missing evidence'), ('record_apology', "Can log the supervisor's apology call"), ('reveal_contact', 'Can reveal masked contact data'), ('view_executing', 'Can see complaints whose remedy is being carried out')], 'verbose_name': 'complaint', 'verbose_name_plural': 'complaints'},
        ),
        migrations.RemoveConstraint(
            model_name='deadline',
            name='deadline_due_after_start',
        ),
        migrations.RemoveConstraint(
            model_name='deadline',
            name='deadline_running_once',
        ),
        migrations.AddField(
            model_name='alert',
            name='subject',
            field=models.PositiveBigIntegerField(default=0, editable=False),
        ),
        migrations.AddField(
            model_name='alert',
            name='told_at',
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name='complaint',
            name='held_at',
            field=models.DateTimeField(editable=False, null=True, verbose_name='on hold since'),
        ),
        migrations.AddField(
            model_name='complaint',
            name='hold_reason',
            field=models.CharField(blank=True, editable=False, max_length=200, verbose_name='on hold because'),
        ),
        migrations.AddField(
            model_name='complaint',
            name='hold_until',
            field=models.DateTimeField(editable=False, null=True, verbose_name='on hold until'),
        ),
        migrations.AddField(
            model_name='complaint',
            name='next_critical_at',
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name='complaint',
            name='platform_due_at',
            field=models.DateTimeField(editable=False, null=True, verbose_name="the platform's deadline"),
        ),
        migrations.AddField(
            model_name='complaint',
            name='platform_opened_at',
            field=models.DateTimeField(editable=False, null=True, verbose_name='platform case since'),
        ),
        migrations.AddField(
            model_name='complaint',
            name='platform_reference',
            field=models.CharField(blank=True, editable=False, max_length=60, verbose_name='number of the platform case'),
        ),
        migrations.AddField(
            model_name='complaint',
            name='priority_by_hand',
            field=models.BooleanField(default=False, editable=False, verbose_name='priority set by hand'),
        ),
        migrations.AddField(
            model_name='deadline',
            name='budget',
            field=models.DurationField(default=datetime.timedelta(0), verbose_name='budget'),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='deadline',
            name='latest_at',
            field=models.DateTimeField(null=True, verbose_name='due at the latest'),
        ),
        migrations.AddField(
            model_name='deadline',
            name='levels',
            field=models.JSONField(default=list, verbose_name='warn levels'),
        ),
        migrations.AddField(
            model_name='deadline',
            name='pausable',
            field=models.BooleanField(default=False, verbose_name='paused by a hold'),
        ),
        migrations.AddField(
            model_name='deadline',
            name='paused_at',
            field=models.DateTimeField(null=True, verbose_name='paused since'),
        ),
        migrations.AddField(
            model_name='deadline',
            name='pauses',
            field=models.JSONField(default=list, verbose_name='pauses'),
        ),
        migrations.AddField(
            model_name='deadline',
            name='responsible',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='responsible'),
        ),
        migrations.AddField(
            model_name='deadline',
            name='subject',
            field=models.PositiveBigIntegerField(default=0, editable=False),
        ),
        migrations.AddField(
            model_name='outboxmessage',
            name='html',
            field=encrypted_fields.fields.EncryptedTextField(blank=True, null=True, verbose_name='text with layout'),
        ),
        migrations.AddField(
            model_name='promise',
            name='reason',
            field=models.CharField(blank=True, max_length=300, verbose_name='reason'),
        ),
        migrations.AddField(
            model_name='promise',
            name='renews',
            field=models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='renewal', to='complaints.promise', verbose_name='renews'),
        ),
        migrations.AddField(
            model_name='promise',
            name='settled_at',
            field=models.DateTimeField(null=True, verbose_name='settled at'),
        ),
        migrations.AlterField(
            model_name='alert',
            name='kind',
            field=models.CharField(choices=[('first_response', 'first response'), ('verification', 'verification'), ('proposal', 'proposal'), ('execution', 'execution'), ('callback', 'call-back'), ('promise', 'promise'), ('inquiry', 'inquiry'), ('recovery', 'recovery claim'), ('platform', 'platform case')], max_length=16, verbose_name='clock'),
        ),
        migrations.AlterField(
            model_name='deadline',
            name='kind',
            field=models.CharField(choices=[('first_response', 'first response'), ('verification', 'verification'), ('proposal', 'proposal'), ('execution', 'execution'), ('callback', 'call-back'), ('promise', 'promise'), ('inquiry', 'inquiry'), ('recovery', 'recovery claim'), ('platform', 'platform case')], max_length=16, verbose_name='kind'),
        ),
        migrations.AlterField(
            model_name='outboxmessage',
            name='channel',
            field=models.CharField(choices=[('email', 'E-mail'), ('robot', 'chat robot')], default='email', max_length=12, verbose_name='channel'),
        ),
        migrations.AlterField(
            model_name='outboxmessage',
            name='complaint',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='outbox', to='complaints.complaint', verbose_name='complaint'),
        ),
        migrations.AlterField(
            model_name='promise',
            name='status',
            field=models.CharField(choices=[('open', 'open'), ('kept', 'kept'), ('broken', 'broken'), ('renewed', 'renewed')], default='open', max_length=8, verbose_name='status'),
        ),
        migrations.AddIndex(
            model_name='alert',
            index=models.Index(condition=models.Q(('told_at__isnull', True)), fields=['recipient', 'id'], name='alert_untold'),
        ),
        migrations.AddIndex(
            model_name='promise',
            index=models.Index(fields=['-made_at', '-id'], name='promise_recent'),
        ),
        migrations.AddIndex(
            model_name='promise',
            index=models.Index(condition=models.Q(('status', 'broken')), fields=['due_at'], name='promise_broken'),
        ),
        migrations.AddField(
            model_name='absence',
            name='user',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='absences', to=settings.AUTH_USER_MODEL, verbose_name='person'),
        ),
        migrations.AddField(
            model_name='alertpreference',
            name='user',
            field=models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='alert_preference', to=settings.AUTH_USER_MODEL, verbose_name='person'),
        ),
        migrations.AddField(
            model_name='department',
            name='lead',
            field=models.ForeignKey(blank=True, help_text='Hears of an inquiry that is late; without a head, a member does.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='head of department'),
        ),
        migrations.AddField(
            model_name='department',
            name='members',
            field=models.ManyToManyField(blank=True, help_text='Who reads and answers what the department is asked. Only staff with the role “Department” can.', related_name='departments', to=settings.AUTH_USER_MODEL, verbose_name='members'),
        ),
        migrations.AddField(
            model_name='inquiry',
            name='answered_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='answered by'),
        ),
        migrations.AddField(
            model_name='inquiry',
            name='asked_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='asked by'),
        ),
        migrations.AddField(
            model_name='inquiry',
            name='complaint',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='inquiries', to='complaints.complaint'),
        ),
        migrations.AddField(
            model_name='inquiry',
            name='department',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='inquiries', to='complaints.department', verbose_name='department'),
        ),
        migrations.AddField(
            model_name='inquiry',
            name='origin',
            field=models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='complaints.complaint', verbose_name='came with'),
        ),
        migrations.AddField(
            model_name='recoveryclaim',
            name='complaint',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='claims', to='complaints.complaint'),
        ),
        migrations.AddField(
            model_name='recoveryclaim',
            name='filed_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='filed by'),
        ),
        migrations.AddField(
            model_name='recoveryclaim',
            name='origin',
            field=models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='complaints.complaint', verbose_name='came with'),
        ),
        migrations.AddField(
            model_name='robot',
            name='members',
            field=models.ManyToManyField(blank=True, help_text='Whose alerts it tells.', related_name='robots', to=settings.AUTH_USER_MODEL, verbose_name='members'),
        ),
        migrations.AddField(
            model_name='robot',
            name='shops',
            field=models.ManyToManyField(blank=True, related_name='robots', to='complaints.shop', verbose_name='shops'),
        ),
        migrations.AddField(
            model_name='outboxmessage',
            name='robot',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='messages', to='complaints.robot', verbose_name='chat robot'),
        ),
        migrations.AddIndex(
            model_name='outboxmessage',
            index=models.Index(condition=models.Q(('robot__isnull', False)), fields=['robot', 'data_started_at'], name='outbox_robot_pace'),
        ),
        migrations.AddField(
            model_name='settingchange',
            name='actor',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='who'),
        ),
        migrations.AddField(
            model_name='slapolicy',
            name='issue_types',
            field=models.ManyToManyField(blank=True, related_name='+', to='knowledge.issuetype', verbose_name='issue types'),
        ),
        migrations.AddField(
            model_name='slapolicy',
            name='shops',
            field=models.ManyToManyField(blank=True, related_name='policies', to='complaints.shop', verbose_name='shops'),
        ),
        migrations.AddField(
            model_name='complaint',
            name='policy',
            field=models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='complaints.slapolicy', verbose_name='time policy'),
        ),
        migrations.AddField(
            model_name='deadline',
            name='policy',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='complaints.slapolicy', verbose_name='policy'),
        ),
        migrations.AddIndex(
            model_name='complaint',
            index=models.Index(condition=models.Q(('closed_at__isnull', False)), fields=['closed_at'], name='complaint_closed'),
        ),
        migrations.AddIndex(
            model_name='complaint',
            index=models.Index(condition=models.Q(('held_at__isnull', False)), fields=['hold_until', 'id'], name='complaint_on_hold'),
        ),
        migrations.AddIndex(
            model_name='complaint',
            index=models.Index(condition=models.Q(('state__in', ['new', 'accepted', 'verifying', 'proposing', 'negotiating', 'executing', 'awaiting_followup'])), fields=['policy', 'id'], name='complaint_open_by_policy'),
        ),
        migrations.AddConstraint(
            model_name='complaint',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('held_at__isnull', True), ('hold_until__isnull', True)), ('hold_until__gt', models.F('held_at')), _connector='OR'), name='complaint_hold_ends'),
        ),
        migrations.AddConstraint(
            model_name='complaint',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('platform_due_at__isnull', True), ('platform_opened_at__isnull', True)), models.Q(('platform_due_at__isnull', False), ('platform_opened_at__isnull', False)), _connector='OR'), name='complaint_platform_case_is_due'),
        ),
        migrations.AddField(
            model_name='slatarget',
            name='policy',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='targets', to='complaints.slapolicy'),
        ),
        migrations.AddConstraint(
            model_name='workcalendar',
            constraint=models.UniqueConstraint(condition=models.Q(('is_default', True)), fields=('is_default',), name='calendar_one_default'),
        ),
        migrations.AddField(
            model_name='calendaryear',
            name='calendar',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='years', to='complaints.workcalendar'),
        ),
        migrations.AddField(
            model_name='calendarday',
            name='calendar',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='days', to='complaints.workcalendar'),
        ),
        migrations.AddField(
            model_name='deadline',
            name='calendar',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='complaints.workcalendar', verbose_name='work calendar'),
        ),
        migrations.AddField(
            model_name='shop',
            name='calendar',
            field=models.ForeignKey(blank=True, help_text='Empty: the default calendar.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='shops', to='complaints.workcalendar', verbose_name='work calendar'),
        ),
        migrations.AddIndex(
            model_name='deadline',
            index=models.Index(condition=models.Q(('breached_at__isnull', False)), fields=['breached_at'], name='deadline_breached'),
        ),
        migrations.AddIndex(
            model_name='deadline',
            index=models.Index(condition=models.Q(('met_at__isnull', True), ('stopped_at__isnull', True), ('calendar__isnull', False)), fields=['calendar', 'complaint'], name='deadline_running_in'),
        ),
        migrations.AddConstraint(
            model_name='deadline',
            constraint=models.CheckConstraint(condition=models.Q(('due_at__gte', models.F('started_at'))), name='deadline_due_after_start'),
        ),
        migrations.AddConstraint(
            model_name='deadline',
            constraint=models.CheckConstraint(condition=models.Q(('paused_at__isnull', True), ('next_alert_at__isnull', True), _connector='OR'), name='deadline_paused_is_silent'),
        ),
        migrations.AddConstraint(
            model_name='deadline',
            constraint=models.UniqueConstraint(condition=models.Q(('met_at__isnull', True), ('stopped_at__isnull', True)), fields=('complaint', 'kind', 'subject'), name='deadline_running_once'),
        ),
        migrations.AddIndex(
            model_name='absence',
            index=models.Index(fields=['ends_at', 'starts_at'], name='absence_by_end'),
        ),
        migrations.AddConstraint(
            model_name='absence',
            constraint=models.CheckConstraint(condition=models.Q(('ends_at__gt', models.F('starts_at'))), name='absence_ends_after_start'),
        ),
        migrations.AddIndex(
            model_name='inquiry',
            index=models.Index(condition=models.Q(('status', 'open')), fields=['department', 'due_at', 'id'], name='inquiry_open_due'),
        ),
        migrations.AddIndex(
            model_name='inquiry',
            index=models.Index(condition=models.Q(('status__in', ['answered', 'withdrawn'])), fields=['department', '-asked_at', '-id'], name='inquiry_over'),
        ),
        migrations.AddConstraint(
            model_name='inquiry',
            constraint=models.CheckConstraint(condition=models.Q(('due_at__gte', models.F('asked_at'))), name='inquiry_due_after_asked'),
        ),
        migrations.AddConstraint(
            model_name='inquiry',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('answered_at__isnull', False), ('status', 'answered'), models.Q(('answer', ''), _negated=True)), models.Q(models.Q(('status', 'answered'), _negated=True), ('answer', ''), ('answered_at__isnull', True)), _connector='OR'), name='inquiry_answered_has_answer'),
        ),
        migrations.AddIndex(
            model_name='recoveryclaim',
            index=models.Index(condition=models.Q(('status__in', ['filed', 'answered'])), fields=['complaint'], name='claim_open'),
        ),
        migrations.AddConstraint(
            model_name='recoveryclaim',
            constraint=models.CheckConstraint(condition=models.Q(('amount__gt', 0)), name='claim_amount_positive'),
        ),
        migrations.AddConstraint(
            model_name='recoveryclaim',
            constraint=models.CheckConstraint(condition=models.Q(('due_at__gte', models.F('filed_at'))), name='claim_due_after_filed'),
        ),
        migrations.AddConstraint(
            model_name='recoveryclaim',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('recovered_amount__gt', 0), ('recovered_amount__lte', models.F('amount')), ('status', 'recovered')), models.Q(models.Q(('status', 'recovered'), _negated=True), ('recovered_amount__isnull', True)), _connector='OR'), name='claim_recovered_has_amount'),
        ),
        migrations.AddConstraint(
            model_name='recoveryclaim',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('settled_at__isnull', True), ('status__in', ['filed', 'answered'])), models.Q(models.Q(('status__in', ['filed', 'answered']), _negated=True), ('settled_at__isnull', False)), _connector='OR'), name='claim_settled_has_time'),
        ),
        migrations.AddIndex(
            model_name='settingchange',
            index=models.Index(fields=['subject', 'subject_id', '-id'], name='settingchange_of'),
        ),
        migrations.AddIndex(
            model_name='settingchange',
            index=models.Index(fields=['-at', '-id'], name='settingchange_recent'),
        ),
        migrations.AddConstraint(
            model_name='slatarget',
            constraint=models.UniqueConstraint(fields=('policy', 'kind'), name='target_once_per_kind'),
        ),
        migrations.AddConstraint(
            model_name='calendaryear',
            constraint=models.UniqueConstraint(fields=('calendar', 'year'), name='calendar_year_once'),
        ),
        migrations.AddConstraint(
            model_name='calendarday',
            constraint=models.UniqueConstraint(fields=('calendar', 'day'), name='calendar_day_once'),
        ),
    ]
