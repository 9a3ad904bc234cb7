import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import accounts.sealing.fields


class Migration(migrations.Migration):
    """Authenticator apps, recovery codes, and what codes are throttled by."""

    dependencies = [
        ("accounts", "0007_profile"),
    ]

    operations = [
        migrations.CreateModel(
            name="Authenticator",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(help_text="The human-readable name of this device.", max_length=64)),
                ("confirmed", models.BooleanField(default=True, help_text="Is this device ready for use?")),
                (
                    "created_at",
                    models.DateTimeField(
                        auto_now_add=True,
                        help_text="The date and time when this device was initially created in the system.",
                        null=True,
                    ),
                ),
                (
                    "last_used_at",
                    models.DateTimeField(
                        blank=True, help_text="The most recent date and time this device was used.", null=True
                    ),
                ),
                ("key", accounts.sealing.fields.SealedField()),
                ("drift", models.SmallIntegerField(default=0)),
                ("last_step", models.BigIntegerField(default=-1)),
            ],
            options={
                "verbose_name": "authenticator app",
            },
        ),
        migrations.CreateModel(
            name="RecoveryCode",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("digest", models.BinaryField(max_length=32)),
                ("made_at", models.DateTimeField()),
                ("used_at", models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.AddField(
            model_name="challenge",
            name="destination_index",
            field=models.BinaryField(max_length=32, null=True),
        ),
        migrations.AddField(
            model_name="challenge",
            name="network",
            field=models.TextField(blank=True, default=""),
        ),
        migrations.AddField(
            model_name="challenge",
            name="asker",
            field=models.BinaryField(max_length=32, null=True),
        ),
        migrations.AddField(
            model_name="challenge",
            name="spent_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AlterField(
            model_name="challenge",
            name="channel",
            field=models.CharField(
                choices=[
                    ("email", "code by e-mail"),
                    ("sms", "code by text message"),
                    ("totp", "authenticator app"),
                    ("passkey", "passkey"),
                    ("recovery", "recovery code"),
                ],
                max_length=8,
            ),
        ),
        migrations.RemoveConstraint(model_name="challenge", name="challenge_one_live_a_contact"),
        migrations.AddIndex(
            model_name="challenge",
            index=models.Index(fields=["destination_index", "created_at"], name="challenge_by_destination"),
        ),
        migrations.AddIndex(
            model_name="challenge",
            index=models.Index(fields=["network", "created_at"], name="challenge_by_network"),
        ),
        migrations.AddField(
            model_name="authenticator",
            name="user",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="recoverycode",
            name="user",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="recovery_codes",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddConstraint(
            model_name="recoverycode",
            constraint=models.UniqueConstraint(fields=("user", "digest"), name="recovery_code_once"),
        ),
    ]
