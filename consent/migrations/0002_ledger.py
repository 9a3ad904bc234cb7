from django.db import migrations, models

from accounts.audit.operations import AppendOnly

HOT_TABLES = """
CREATE TYPE consent_status AS ENUM ('requested', 'deferred', 'given', 'renewed', 'refused', 'withdrawn', 'revoked',
                                    'expired', 'invalidated');
CREATE TYPE consent_kind AS ENUM ('explicit', 'separate', 'implied');
CREATE TYPE consent_surface AS ENUM ('page', 'flow', 'agreement', 'banner', 'api', 'staff', 'import');
CREATE DOMAIN digest32 AS bytea CHECK (octet_length(VALUE) = 32);
CREATE TABLE consent_event (
    subject_id      bigint          NOT NULL,
    id              uuid            NOT NULL,
    at              timestamptz     NOT NULL DEFAULT clock_timestamp(),
    xact            bigint          NOT NULL DEFAULT (pg_current_xact_id()::text::bigint),
    claimed_at      timestamptz,
    controller_id   bigint          NOT NULL,
    policy_id       bigint          NOT NULL,
    version_id      bigint          NOT NULL,
    shown_sha256    digest32        NOT NULL,
    purpose         text            NOT NULL,
    recipient       text            NOT NULL,
    status          consent_status  NOT NULL,
    kind            consent_kind    NOT NULL,
    surface         consent_surface NOT NULL,
    language        text            NOT NULL,
    actor           text            NOT NULL,
    network         text            NOT NULL,
    agent           text            NOT NULL,
    idempotency_key text            NOT NULL,
    PRIMARY KEY (subject_id, id)
);
CREATE INDEX consent_event_xact ON consent_event USING brin (xact) WITH (autosummarize = on);
CREATE TABLE consent_state (
    subject_id bigint         NOT NULL,
    at         timestamptz    NOT NULL,
    event_id   uuid           NOT NULL,
    policy_id  bigint         NOT NULL,
    version_id bigint         NOT NULL,
    purpose    text           NOT NULL,
    recipient  text           NOT NULL,
    status     consent_status NOT NULL,
    kind       consent_kind   NOT NULL,
    PRIMARY KEY (subject_id, policy_id, purpose, recipient, version_id)
) WITH (fillfactor = 85);
"""


class Migration(migrations.Migration):
    """The hot tables by hand: closed lists as enums, one index each, so that a changed answer is a HOT update."""

    dependencies = [("consent", "0001_policies")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(HOT_TABLES, reverse_sql="DROP TABLE consent_event, consent_state")],
            state_operations=[
                migrations.CreateModel(
                    name="ConsentEvent",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "subject_id", "id", blank=True, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        ("subject_id", models.BigIntegerField()),
                        ("id", models.UUIDField()),
                        ("at", models.DateTimeField()),
                        ("xact", models.BigIntegerField()),
                        ("claimed_at", models.DateTimeField(null=True)),
                        ("controller_id", models.BigIntegerField()),
                        ("policy_id", models.BigIntegerField()),
                        ("version_id", models.BigIntegerField()),
                        ("shown_sha256", models.BinaryField(max_length=32)),
                        ("purpose", models.TextField()),
                        ("recipient", models.TextField()),
                        (
                            "status",
                            models.TextField(
                                choices=[
                                    ("requested", "Not answered"),
                                    ("deferred", "To be answered later"),
                                    ("given", "Agreed"),
                                    ("renewed", "Agreed again"),
                                    ("refused", "Refused"),
                                    ("withdrawn", "Withdrawn"),
                                    ("revoked", "Revoked"),
                                    ("expired", "Expired"),
                                    ("invalidated", "No longer valid"),
                                ]
                            ),
                        ),
                        (
                            "kind",
                            models.TextField(
                                choices=[
                                    ("explicit", "explicit"),
                                    ("separate", "separate"),
                                    ("implied", "by continued use"),
                                ]
                            ),
                        ),
                        (
                            "surface",
                            models.TextField(
                                choices=[
                                    ("page", "page"),
                                    ("flow", "flow"),
                                    ("agreement", "agreement"),
                                    ("banner", "banner"),
                                    ("api", "API"),
                                    ("staff", "staff"),
                                    ("import", "import"),
                                ]
                            ),
                        ),
                        ("language", models.TextField()),
                        ("actor", models.TextField()),
                        ("network", models.TextField()),
                        ("agent", models.TextField()),
                        ("idempotency_key", models.TextField()),
                    ],
                    options={
                        "db_table": "consent_event",
                    },
                ),
                migrations.CreateModel(
                    name="ConsentState",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "subject_id",
                                "policy_id",
                                "purpose",
                                "recipient",
                                "version_id",
                                blank=True,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        ("subject_id", models.BigIntegerField()),
                        ("policy_id", models.BigIntegerField()),
                        ("purpose", models.TextField()),
                        ("recipient", models.TextField()),
                        ("version_id", models.BigIntegerField()),
                        ("at", models.DateTimeField()),
                        ("event_id", models.UUIDField()),
                        (
                            "status",
                            models.TextField(
                                choices=[
                                    ("requested", "Not answered"),
                                    ("deferred", "To be answered later"),
                                    ("given", "Agreed"),
                                    ("renewed", "Agreed again"),
                                    ("refused", "Refused"),
                                    ("withdrawn", "Withdrawn"),
                                    ("revoked", "Revoked"),
                                    ("expired", "Expired"),
                                    ("invalidated", "No longer valid"),
                                ]
                            ),
                        ),
                        (
                            "kind",
                            models.TextField(
                                choices=[
                                    ("explicit", "explicit"),
                                    ("separate", "separate"),
                                    ("implied", "by continued use"),
                                ]
                            ),
                        ),
                    ],
                    options={
                        "db_table": "consent_state",
                    },
                ),
            ],
        ),
        AppendOnly("consent_event"),
    ]
