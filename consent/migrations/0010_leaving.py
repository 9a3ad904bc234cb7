import uuid

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import accounts.sealing.fields
import consent.policies.fields
from accounts.audit.operations import AppendOnly


class Migration(migrations.Migration):
    """Cancelling an account: its steps, its receipt, what is kept and on which law, and the person's export."""

    dependencies = [
        ("consent", "0009_rights_requests"),
        ("accounts", "0011_leaving"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Erasure",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("mark", models.BinaryField(max_length=32, unique=True)),
                ("at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="LeavingReceipt",
            fields=[
                ("token_digest", models.BinaryField(max_length=32, primary_key=True, serialize=False)),
                ("closed_at", models.DateTimeField()),
                ("fates", models.JSONField()),
            ],
        ),
        migrations.CreateModel(
            name="Export",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("language", models.TextField()),
                ("asked_at", models.DateTimeField()),
                ("done", models.PositiveSmallIntegerField(default=0)),
                ("total", models.PositiveSmallIntegerField(default=0)),
                ("token", models.PositiveIntegerField(default=0)),
                ("lease_until", models.DateTimeField(blank=True, null=True)),
                ("ready_at", models.DateTimeField(blank=True, null=True)),
                ("failed_at", models.DateTimeField(blank=True, null=True)),
                ("size", models.BigIntegerField(default=0)),
                ("expires_at", models.DateTimeField(blank=True, null=True)),
                ("downloaded_at", models.DateTimeField(blank=True, null=True)),
                ("destroyed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "request",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="consent.rightsrequest",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ExportPart",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("token", models.PositiveIntegerField()),
                ("number", models.PositiveIntegerField()),
                ("content", models.BinaryField()),
                (
                    "export",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="parts",
                        to="consent.export",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Leaving",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("mark", models.BinaryField(max_length=32)),
                ("proofs", django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), size=None)),
                ("begun_at", models.DateTimeField()),
                ("due_at", models.DateTimeField()),
                ("reminded_at", models.DateTimeField(blank=True, null=True)),
                ("undone_at", models.DateTimeField(blank=True, null=True)),
                ("started_at", models.DateTimeField(blank=True, null=True)),
                ("plan", models.JSONField(default=list)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                ("replayed", models.BooleanField(default=False)),
                (
                    "request",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="consent.rightsrequest",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="LeavingStep",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.TextField()),
                ("done_at", models.DateTimeField()),
                (
                    "leaving",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="steps",
                        to="consent.leaving",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="LegalHold",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("reason", accounts.sealing.fields.SealedField()),
                ("placed_at", models.DateTimeField()),
                ("placed_by_id", models.BigIntegerField()),
                ("lift_reason", accounts.sealing.fields.SealedField(blank=True, default="")),
                ("lifted_at", models.DateTimeField(blank=True, null=True)),
                ("lifted_by_id", models.BigIntegerField(blank=True, null=True)),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="RetentionRule",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.SlugField()),
                ("title", consent.policies.fields.LocalizedField(blank=True, default=dict)),
                ("citation", consent.policies.fields.LocalizedField(blank=True, default=dict)),
                ("items", django.contrib.postgres.fields.ArrayField(base_field=models.SlugField(), size=None)),
                ("months", models.PositiveSmallIntegerField()),
                ("valid_from", models.DateField()),
                ("valid_until", models.DateField(blank=True, null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("code", "valid_from"), name="retention_rule_once"),
                    models.CheckConstraint(
                        condition=models.Q(("months__gte", 1)), name="retention_of_a_month_at_least"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("valid_until__isnull", True), ("valid_until__gte", models.F("valid_from")), _connector="OR"
                        ),
                        name="retention_rule_ends_after_it_begins",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="RetentionRun",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                ("destroyed", models.JSONField()),
                ("problem", models.TextField(blank=True, default="")),
            ],
            options={
                "indexes": [models.Index(fields=["-at"], name="retention_run_by_time")],
            },
        ),
        migrations.AddIndex(
            model_name="export",
            index=models.Index(fields=["user", "-asked_at"], name="export_by_user"),
        ),
        migrations.AddConstraint(
            model_name="export",
            constraint=models.UniqueConstraint(
                condition=models.Q(("failed_at__isnull", True), ("ready_at__isnull", True)),
                fields=("user",),
                name="export_one_in_the_making",
            ),
        ),
        migrations.AddConstraint(
            model_name="exportpart",
            constraint=models.UniqueConstraint(fields=("export", "token", "number"), name="export_part_once"),
        ),
        migrations.AddIndex(
            model_name="leaving",
            index=models.Index(
                condition=models.Q(("finished_at__isnull", True), ("undone_at__isnull", True)),
                fields=["due_at"],
                name="leaving_due",
            ),
        ),
        migrations.AddConstraint(
            model_name="leaving",
            constraint=models.UniqueConstraint(
                condition=models.Q(("undone_at__isnull", True)), fields=("user",), name="leaving_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="leaving",
            constraint=models.CheckConstraint(
                condition=models.Q(("undone_at__isnull", True), ("started_at__isnull", True), _connector="OR"),
                name="leaving_undone_before_it_starts",
            ),
        ),
        migrations.AddConstraint(
            model_name="leaving",
            constraint=models.CheckConstraint(
                condition=models.Q(("due_at__gte", models.F("begun_at"))), name="leaving_due_after_it_begins"
            ),
        ),
        migrations.AddConstraint(
            model_name="leavingstep",
            constraint=models.UniqueConstraint(fields=("leaving", "name"), name="leaving_step_once"),
        ),
        migrations.AddIndex(
            model_name="legalhold",
            index=models.Index(condition=models.Q(("lifted_at__isnull", True)), fields=["user"], name="hold_in_force"),
        ),
        AppendOnly("consent_erasure"),
        AppendOnly("consent_leavingreceipt"),
        AppendOnly("consent_retentionrun"),
    ]
