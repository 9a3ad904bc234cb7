import uuid

import django.contrib.postgres.indexes
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import accounts.sealing.fields


class Migration(migrations.Migration):
    """From where people sign in, and the messages that tell them of it."""

    dependencies = [
        ("accounts", "0008_authenticators"),
    ]

    operations = [
        migrations.CreateModel(
            name="Browser",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("token_digest", models.BinaryField(max_length=32)),
                ("family", models.TextField(blank=True, default="")),
                ("system", models.TextField(blank=True, default="")),
                ("first_seen_at", models.DateTimeField()),
                ("last_seen_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Notice",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("user_id", models.BigIntegerField(blank=True, null=True)),
                ("event", models.TextField()),
                ("kind", models.TextField()),
                ("destination", accounts.sealing.fields.SealedField()),
                ("parameters", accounts.sealing.fields.SealedJSONField()),
                ("language", models.TextField()),
                ("created_at", models.DateTimeField()),
                ("due_at", models.DateTimeField()),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("sent_at", models.DateTimeField(blank=True, null=True)),
                ("given_up_at", models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name="SignIn",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                (
                    "result",
                    models.TextField(
                        choices=[("entered", "signed in"), ("wrong_code", "wrong code"), ("locked", "account locked")]
                    ),
                ),
                ("way", models.TextField(blank=True, default="")),
                ("family", models.TextField(blank=True, default="")),
                ("system", models.TextField(blank=True, default="")),
                ("network", models.TextField(blank=True, default="")),
                ("place", models.TextField(blank=True, default="")),
                ("risks", models.JSONField(default=list)),
                (
                    "level",
                    models.TextField(
                        choices=[("usual", "as usual"), ("told", "you were told"), ("asked", "asked again")],
                        default="usual",
                    ),
                ),
                ("proven_again_at", models.DateTimeField(blank=True, null=True)),
                ("session_key", models.TextField(blank=True, default="")),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                ("disowned_at", models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.AddField(
            model_name="browser",
            name="user",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="browsers",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddIndex(
            model_name="notice",
            index=models.Index(
                condition=models.Q(("given_up_at__isnull", True), ("sent_at__isnull", True)),
                fields=["due_at"],
                name="notice_due",
            ),
        ),
        migrations.AddIndex(
            model_name="notice",
            index=models.Index(fields=["user_id", "-created_at"], name="notice_by_user"),
        ),
        migrations.AddField(
            model_name="signin",
            name="browser",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="accounts.browser",
            ),
        ),
        migrations.AddField(
            model_name="signin",
            name="user",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="sign_ins",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddConstraint(
            model_name="browser",
            constraint=models.UniqueConstraint(fields=("user", "token_digest"), name="browser_once_a_user"),
        ),
        migrations.AddIndex(
            model_name="signin",
            index=models.Index(fields=["user", "-at"], name="sign_in_by_user"),
        ),
        migrations.AddIndex(
            model_name="signin",
            index=models.Index(
                condition=models.Q(("session_key", ""), _negated=True),
                fields=["session_key"],
                name="sign_in_by_session",
            ),
        ),
        migrations.AddIndex(
            model_name="signin",
            index=django.contrib.postgres.indexes.BrinIndex(fields=["at"], name="sign_in_to_sweep"),
        ),
    ]
