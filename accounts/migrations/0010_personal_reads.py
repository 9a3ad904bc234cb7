import django.contrib.postgres.fields
from django.db import migrations, models

from accounts.audit.operations import AppendOnly


class Migration(migrations.Migration):
    """What staff were shown of whom: rows that are only ever added."""

    dependencies = [
        ("accounts", "0009_sign_ins"),
    ]

    operations = [
        migrations.CreateModel(
            name="PersonalRead",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                ("staff_id", models.BigIntegerField()),
                ("person_id", models.BigIntegerField(blank=True, null=True)),
                ("case", models.TextField()),
                ("what", django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), size=None)),
                ("reason", models.TextField(blank=True, default="")),
                ("until", models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.AddIndex(
            model_name="personalread",
            index=models.Index(fields=["staff_id", "-at"], name="read_by_staff"),
        ),
        migrations.AddIndex(
            model_name="personalread",
            index=models.Index(fields=["person_id", "-at"], name="read_of_person"),
        ),
        AppendOnly("accounts_personalread"),
    ]
