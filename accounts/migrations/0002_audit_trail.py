import django.core.serializers.json
from django.db import migrations, models

from accounts.audit.operations import AppendOnly


class Migration(migrations.Migration):
    """The audit trail, which PostgreSQL keeps append-only."""

    dependencies = [("accounts", "0001_users")]

    operations = [
        migrations.CreateModel(
            name="AuditEntry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                ("actor", models.TextField()),
                ("act", models.TextField()),
                ("target", models.TextField()),
                ("details", models.JSONField(default=dict, encoder=django.core.serializers.json.DjangoJSONEncoder)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["target", "-at"], name="audit_by_target"),
                    models.Index(fields=["actor", "-at"], name="audit_by_actor"),
                ],
            },
        ),
        AppendOnly("accounts_auditentry"),
    ]
