from django.db import migrations, models

from knowledge import triggers


def install(apps, schema_editor):
    triggers.install(schema_editor.connection)


def remove(apps, schema_editor):
    triggers.remove(schema_editor.connection)


class Migration(migrations.Migration):
    """The texts are in the versions now, and stay as they are."""

    dependencies = [("knowledge", "0003_scripts_as_they_were")]

    operations = [
        # Backwards the column comes back empty, and the step before fills it.
        migrations.AlterField("replyscript", "text", models.TextField("text", default="")),
        migrations.RemoveField("replyscript", "text"),
        migrations.RunPython(install, remove),
    ]
