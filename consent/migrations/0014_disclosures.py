import django.contrib.postgres.fields
from django.db import migrations, models

from accounts.audit.operations import AppendOnly


class Migration(migrations.Migration):
    """What was given to authorities: rows that are only ever added."""

    dependencies = [
        ("consent", "0013_wiped_requests"),
    ]

    operations = [
        migrations.CreateModel(
            name="Disclosure",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.UUIDField(unique=True)),
                ("at", models.DateTimeField()),
                ("entered_by_id", models.BigIntegerField()),
                ("authority", models.TextField()),
                ("ground", models.TextField()),
                ("document", models.TextField()),
                ("disclosed_on", models.DateField()),
                ("items", django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), size=None)),
                ("person_id", models.BigIntegerField(blank=True, null=True)),
                ("secret_until", models.DateField(blank=True, null=True)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["-at"], name="disclosure_by_time"),
                    models.Index(
                        condition=models.Q(("person_id__isnull", False)),
                        fields=["person_id"],
                        name="disclosure_of_person",
                    ),
                ],
            },
        ),
        AppendOnly("consent_disclosure"),
    ]
