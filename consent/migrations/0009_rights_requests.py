import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import accounts.sealing.fields


class Migration(migrations.Migration):
    """What people ask about their information. Two rules of the desk are PostgreSQL's: no step before identity is proven,
    and a decision by somebody else than the verifier."""

    dependencies = [
        ("consent", "0008_past_versions"),
        ("accounts", "0010_personal_reads"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="datasubject",
            name="restricted_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.CreateModel(
            name="RightsRequest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.CharField(max_length=20, unique=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("access", "See and copy my information"),
                            ("correction", "Correct my information"),
                            ("deletion", "Delete my information"),
                            ("cancellation", "Cancel my account"),
                            ("restriction", "Stop using my information"),
                            ("objection", "Object to a use"),
                            ("explanation", "Explain how it is used"),
                            ("compromised", "Somebody else is in my account"),
                        ],
                        max_length=12,
                    ),
                ),
                (
                    "channel",
                    models.CharField(
                        choices=[("account", "account"), ("form", "public form"), ("phone", "telephone")], max_length=7
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("received", "Received"),
                            ("verified", "Identity verified"),
                            ("decided", "Agreed to, being carried out"),
                            ("closed", "Closed"),
                            ("withdrawn", "Withdrawn"),
                            ("lapsed", "Ended: identity not shown"),
                        ],
                        default="received",
                        max_length=9,
                    ),
                ),
                ("contact_kind", models.CharField(blank=True, default="", max_length=5)),
                ("contact_value", accounts.sealing.fields.SealedField(blank=True, default="")),
                ("name", accounts.sealing.fields.SealedField(blank=True, default="")),
                ("details", accounts.sealing.fields.SealedField(blank=True, default="")),
                ("wanted", accounts.sealing.fields.SealedJSONField(blank=True, null=True)),
                ("language", models.CharField(max_length=10)),
                ("form_key", models.UUIDField(blank=True, editable=False, null=True, unique=True)),
                ("received_at", models.DateTimeField()),
                ("due_on", models.DateField()),
                ("due_is_estimate", models.BooleanField(default=False)),
                ("claimed_at", models.DateTimeField(blank=True, null=True)),
                ("verified_at", models.DateTimeField(blank=True, null=True)),
                (
                    "verified_way",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("code", "Code to a contact on file"),
                            ("device", "By the person in their own account"),
                            ("documents", "Documents, judged by two"),
                        ],
                        default="",
                        max_length=9,
                    ),
                ),
                ("verified_by_id", models.BigIntegerField(blank=True, null=True)),
                ("co_verified_by_id", models.BigIntegerField(blank=True, null=True)),
                (
                    "barred",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), blank=True, default=list, size=None
                    ),
                ),
                (
                    "decision",
                    models.CharField(
                        blank=True, choices=[("granted", "Agreed to"), ("refused", "Refused")], default="", max_length=7
                    ),
                ),
                (
                    "refusal",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("R1", "R1: national security or defence"),
                            ("R2", "R2: public safety, public health or a major public interest"),
                            ("R3", "R3: investigation, prosecution, trial or enforcement in a criminal case"),
                            ("R4", "R4: clear malice or abuse of rights"),
                            ("R5", "R5: it would seriously harm the rights of others"),
                            ("R6", "R6: trade secret"),
                            ("legal_duty", "A legal duty requires us to keep or use it"),
                            ("vital_interest", "Life or property of somebody is at stake, and consent is hard to get"),
                        ],
                        default="",
                        max_length=14,
                    ),
                ),
                ("answer", accounts.sealing.fields.SealedField(blank=True, default="")),
                ("decided_at", models.DateTimeField(blank=True, null=True)),
                ("decided_by_id", models.BigIntegerField(blank=True, null=True)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "appeal_of",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="appeal",
                        to="consent.rightsrequest",
                    ),
                ),
                (
                    "claimed_by",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="RequestJudgement",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("staff_id", models.BigIntegerField()),
                ("at", models.DateTimeField()),
                (
                    "request",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="judgements",
                        to="consent.rightsrequest",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="RequestDocument",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("identity", "Identity document"),
                            ("holding", "You, holding the document"),
                            ("voucher", "Proof of a transaction"),
                        ],
                        max_length=8,
                    ),
                ),
                ("content", models.BinaryField(null=True)),
                ("uploaded_at", models.DateTimeField()),
                ("destroyed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "request",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="documents",
                        to="consent.rightsrequest",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="rightsrequest",
            index=models.Index(
                condition=models.Q(("user__isnull", False)), fields=["user", "-received_at"], name="request_by_user"
            ),
        ),
        migrations.AddIndex(
            model_name="rightsrequest",
            index=models.Index(
                condition=models.Q(("status__in", ("closed", "withdrawn", "lapsed")), _negated=True),
                fields=["due_on", "id"],
                name="request_open_by_due",
            ),
        ),
        migrations.AddConstraint(
            model_name="rightsrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("verified_at__isnull", False), ("verified_way__in", ["code", "device", "documents"])),
                    models.Q(
                        ("decided_at__isnull", True),
                        ("status__in", ("received", "withdrawn", "lapsed")),
                        ("verified_at__isnull", True),
                        ("verified_way", ""),
                    ),
                    _connector="OR",
                ),
                name="request_nothing_before_identity",
            ),
        ),
        migrations.AddConstraint(
            model_name="rightsrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("verified_way", "documents"), _negated=True),
                    models.Q(
                        ("co_verified_by_id__isnull", False),
                        ("verified_by_id__isnull", False),
                        models.Q(("co_verified_by_id", models.F("verified_by_id")), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="request_documents_judged_by_two",
            ),
        ),
        migrations.AddConstraint(
            model_name="rightsrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("verified_by_id__isnull", True),
                        ("barred__contains", [models.F("verified_by_id")]),
                        _connector="OR",
                    ),
                    models.Q(
                        ("co_verified_by_id__isnull", True),
                        ("barred__contains", [models.F("co_verified_by_id")]),
                        _connector="OR",
                    ),
                ),
                name="request_verifiers_are_barred",
            ),
        ),
        migrations.AddConstraint(
            model_name="rightsrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("decided_at__isnull", True), ("decided_by_id__isnull", True), ("decision", "")),
                    models.Q(
                        ("decided_at__isnull", False),
                        ("decided_by_id__isnull", False),
                        ("decision__in", ["granted", "refused"]),
                        models.Q(("barred__contains", [models.F("decided_by_id")]), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="request_decided_by_another",
            ),
        ),
        migrations.AddConstraint(
            model_name="rightsrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("decision", "refused"),
                        ("refusal__in", ["R1", "R2", "R3", "R4", "R5", "R6", "legal_duty", "vital_interest"]),
                    ),
                    models.Q(models.Q(("decision", "refused"), _negated=True), ("refusal", "")),
                    _connector="OR",
                ),
                name="request_refused_for_a_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="rightsrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("ended_at__isnull", False), ("status__in", ("closed", "withdrawn", "lapsed"))),
                    models.Q(
                        models.Q(("status__in", ("closed", "withdrawn", "lapsed")), _negated=True),
                        ("ended_at__isnull", True),
                    ),
                    _connector="OR",
                ),
                name="request_ended_says_when",
            ),
        ),
        migrations.AddConstraint(
            model_name="rightsrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status__in", ("decided", "closed")), _negated=True),
                    ("decided_at__isnull", False),
                    _connector="OR",
                ),
                name="request_closed_after_decision",
            ),
        ),
        migrations.AddConstraint(
            model_name="requestjudgement",
            constraint=models.UniqueConstraint(fields=("request", "staff_id"), name="judgement_once_a_staff_member"),
        ),
        migrations.AddConstraint(
            model_name="requestdocument",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("content__isnull", False), ("destroyed_at__isnull", True)),
                    models.Q(("content__isnull", True), ("destroyed_at__isnull", False)),
                    _connector="OR",
                ),
                name="document_destroyed_holds_nothing",
            ),
        ),
        migrations.RunSQL("CREATE SEQUENCE rights_request_number", "DROP SEQUENCE rights_request_number"),
    ]
