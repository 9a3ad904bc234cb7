import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """One-time codes; at most one is live for a person and an act, or for a contact that is being proven."""

    dependencies = [("accounts", "0003_staff_roles")]

    operations = [
        migrations.CreateModel(
            name="Challenge",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("act", models.TextField()),
                ("parameters_digest", models.BinaryField(max_length=32)),
                ("channel", models.CharField(choices=[("email", "e-mail"), ("sms", "text message")], max_length=5)),
                ("destination", models.TextField()),
                ("code_hmac", models.BinaryField(max_length=32)),
                ("wrong_tries", models.PositiveSmallIntegerField(default=0)),
                ("created_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("used_at", models.DateTimeField(blank=True, null=True)),
                ("replaced_at", models.DateTimeField(blank=True, null=True)),
                (
                    "user",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("user__isnull", False)),
                        fields=["user", "created_at"],
                        name="challenge_by_user",
                    ),
                    models.Index(fields=["expires_at"], name="challenge_to_sweep"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(
                            ("replaced_at__isnull", True), ("used_at__isnull", True), ("user__isnull", False)
                        ),
                        fields=("user", "act"),
                        name="challenge_one_live_a_person_and_act",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(
                            ("replaced_at__isnull", True), ("used_at__isnull", True), ("user__isnull", True)
                        ),
                        fields=("parameters_digest", "act"),
                        name="challenge_one_live_a_contact",
                    ),
                ],
            },
        ),
    ]
