from django.db import migrations, models

from accounts.audit.operations import AppendOnly

TABLES = """
CREATE TABLE consent_leaf (
    leaf_index bigint   PRIMARY KEY,
    subject_id bigint   NOT NULL,
    event_id   uuid     NOT NULL UNIQUE,
    leaf_hash  digest32 NOT NULL,
    commitment digest32 NOT NULL
);
CREATE TABLE consent_tile (
    level  smallint NOT NULL,
    n      bigint   NOT NULL,
    hashes bytea    NOT NULL,
    root   digest32 NOT NULL,
    PRIMARY KEY (level, n)
);
ALTER TABLE consent_tile ALTER COLUMN hashes SET STORAGE EXTERNAL;
CREATE TABLE consent_checkpoint (
    tree_size  bigint      PRIMARY KEY,
    root       digest32    NOT NULL,
    note       text        NOT NULL,
    at         timestamptz NOT NULL DEFAULT clock_timestamp(),
    xact       bigint      NOT NULL,
    subject_id bigint      NOT NULL,
    event_id   uuid        NOT NULL,
    cluster    text        NOT NULL
);
-- Summarising an index is its owner's right; the sealer needs it, or each look would read every page since the last.
CREATE FUNCTION summarize_consent_events() RETURNS integer LANGUAGE sql SECURITY DEFINER
    SET search_path = public, pg_temp AS $$ SELECT brin_summarize_new_values('consent_event_xact') $$;
"""
DROP = "DROP FUNCTION summarize_consent_events; DROP TABLE consent_leaf, consent_tile, consent_checkpoint"


class Migration(migrations.Migration):
    """The Merkle log over the events. Hashes are incompressible, so tiles are stored as they are."""

    dependencies = [("consent", "0004_campaigns")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(TABLES, reverse_sql=DROP)],
            state_operations=[
                migrations.CreateModel(
                    name="Leaf",
                    fields=[
                        ("leaf_index", models.BigIntegerField(primary_key=True, serialize=False)),
                        ("subject_id", models.BigIntegerField()),
                        ("event_id", models.UUIDField(unique=True)),
                        ("leaf_hash", models.BinaryField(max_length=32)),
                        ("commitment", models.BinaryField(max_length=32)),
                    ],
                    options={"db_table": "consent_leaf"},
                ),
                migrations.CreateModel(
                    name="Tile",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "level", "n", blank=True, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        ("level", models.SmallIntegerField()),
                        ("n", models.BigIntegerField()),
                        ("hashes", models.BinaryField(max_length=8192)),
                        ("root", models.BinaryField(max_length=32)),
                    ],
                    options={"db_table": "consent_tile"},
                ),
                migrations.CreateModel(
                    name="Checkpoint",
                    fields=[
                        ("tree_size", models.BigIntegerField(primary_key=True, serialize=False)),
                        ("root", models.BinaryField(max_length=32)),
                        ("note", models.TextField()),
                        ("at", models.DateTimeField()),
                        ("xact", models.BigIntegerField()),
                        ("subject_id", models.BigIntegerField()),
                        ("event_id", models.UUIDField()),
                        ("cluster", models.TextField()),
                    ],
                    options={"db_table": "consent_checkpoint"},
                ),
            ],
        ),
        AppendOnly("consent_leaf"),
        AppendOnly("consent_tile"),
        AppendOnly("consent_checkpoint"),
        migrations.CreateModel(
            name="Witnessing",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("tree_size", models.BigIntegerField()),
                ("witness", models.TextField()),
                ("at", models.DateTimeField()),
                ("taken", models.BooleanField()),
                ("answer", models.TextField(blank=True, default="")),
            ],
            options={
                "db_table": "consent_witnessing",
                "constraints": [
                    models.UniqueConstraint(
                        fields=["tree_size", "witness"], name="witnessed_once", condition=models.Q(taken=True)
                    )
                ],
            },
        ),
    ]
