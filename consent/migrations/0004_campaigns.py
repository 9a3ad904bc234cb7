import django.db.models.deletion
from django.db import migrations, models

import consent.policies.fields

# A change of state is a HOT update: the primary key is the only index, and half of each page is left for it.
STORAGE = """
CREATE SEQUENCE consent_delivery_token;
ALTER TABLE consent_delivery SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.2);
ALTER TABLE consent_shard
    SET (fillfactor = 50, autovacuum_vacuum_threshold = 500, autovacuum_vacuum_scale_factor = 0);
ALTER TABLE consent_providerpace SET (fillfactor = 20);
"""


class Migration(migrations.Migration):
    """Campaigns. Tokens of holds come from one sequence, so that none is newer in one shard and older in another."""

    dependencies = [
        ("consent", "0003_frozen_versions"),
    ]

    operations = [
        migrations.CreateModel(
            name="Announcement",
            fields=[
                (
                    "version",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="announcement",
                        serialize=False,
                        to="consent.policyversion",
                    ),
                ),
                ("published_at", models.DateTimeField()),
                ("title", consent.policies.fields.LocalizedField(blank=True, default=dict)),
                ("body", consent.policies.fields.LocalizedField(blank=True, default=dict)),
            ],
            options={
                "ordering": ("-published_at", "-pk"),
            },
        ),
        migrations.CreateModel(
            name="Campaign",
            fields=[
                (
                    "version",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="campaign",
                        serialize=False,
                        to="consent.policyversion",
                    ),
                ),
                ("frozen_at", models.DateTimeField()),
                ("cursor", models.BigIntegerField(default=0)),
                ("expanded_at", models.DateTimeField(null=True)),
                ("paused_at", models.DateTimeField(null=True)),
                ("finished_at", models.DateTimeField(null=True)),
                ("seal", models.CharField(blank=True, default="", max_length=64)),
            ],
        ),
        migrations.CreateModel(
            name="ProviderPace",
            fields=[
                (
                    "channel",
                    models.SmallIntegerField(
                        choices=[(1, "E-mail"), (2, "SMS"), (9, "Announcement only")], primary_key=True, serialize=False
                    ),
                ),
                ("per_second", models.FloatField(blank=True, null=True)),
                ("arrival_at", models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Delivery",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "campaign_id",
                        "channel",
                        "subject_id",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("channel", models.SmallIntegerField(choices=[(1, "E-mail"), (2, "SMS"), (9, "Announcement only")])),
                ("subject_id", models.BigIntegerField()),
                (
                    "state",
                    models.SmallIntegerField(
                        choices=[
                            (0, "waiting"),
                            (1, "being sent"),
                            (2, "sent"),
                            (3, "refused"),
                            (4, "being asked about"),
                            (5, "left before it was sent"),
                        ],
                        default=0,
                    ),
                ),
                ("attempts", models.SmallIntegerField(default=0)),
                ("token", models.BigIntegerField(default=0)),
                ("due_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                ("words", models.TextField(blank=True, default="")),
                (
                    "campaign",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="consent.campaign",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Shard",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("channel", models.SmallIntegerField(choices=[(1, "E-mail"), (2, "SMS"), (9, "Announcement only")])),
                ("lo", models.BigIntegerField()),
                ("hi", models.BigIntegerField()),
                ("due_at", models.DateTimeField(null=True)),
                ("token", models.BigIntegerField(default=0)),
                ("lease_until", models.DateTimeField(null=True)),
                ("total", models.IntegerField(default=0)),
                ("sent", models.IntegerField(default=0)),
                ("refused", models.IntegerField(default=0)),
                ("unknown", models.IntegerField(default=0)),
                ("gone", models.IntegerField(default=0)),
                ("seal", models.CharField(blank=True, default="", max_length=64)),
                (
                    "campaign",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.CASCADE, to="consent.campaign"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("due_at__isnull", False)), fields=["channel", "due_at"], name="shard_due"
                    )
                ],
                "constraints": [models.UniqueConstraint(fields=("campaign", "channel", "lo"), name="shard_once")],
            },
        ),
        migrations.RunSQL(STORAGE, reverse_sql="DROP SEQUENCE consent_delivery_token"),
    ]
