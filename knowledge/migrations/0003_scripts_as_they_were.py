from django.db import migrations


def first_versions(apps, schema_editor):
    """What agents send today is in force: version 1, published."""
    scripts = apps.get_model("knowledge", "ReplyScript").objects.all()
    versions = apps.get_model("knowledge", "ScriptVersion").objects
    versions.bulk_create(
        versions.model(
            script=script, number=1, text=script.text, status="published",
            created_at=script.updated_at, published_at=script.updated_at,
        )
        for script in scripts
    )


def texts_back(apps, schema_editor):
    """The published text, or the latest one where nothing is in force."""
    scripts = apps.get_model("knowledge", "ReplyScript").objects
    versions = apps.get_model("knowledge", "ScriptVersion").objects
    for script in scripts.all():
        own = versions.filter(script=script).order_by("-number")
        version = own.filter(status="published").first() or own.first()
        scripts.filter(pk=script.pk).update(text=version.text if version else "")


class Migration(migrations.Migration):
    dependencies = [("knowledge", "0002_scripts")]

    operations = [migrations.RunPython(first_versions, texts_back)]
