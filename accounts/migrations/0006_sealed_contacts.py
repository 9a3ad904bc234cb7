from django.db import migrations, models

import accounts.sealing.fields
from accounts.sealing.rules import blind_index, seal

BATCH = 1000


def seal_rows(apps, schema_editor):
    """Seal what stands there in clear; allauth's copy of the addresses, which nothing reads, goes away."""
    with schema_editor.connection.cursor() as cursor:
        last = 0
        while True:
            cursor.execute(
                "SELECT id, email, phone, name FROM accounts_user WHERE id > %s ORDER BY id LIMIT %s", [last, BATCH]
            )
            rows = cursor.fetchall()
            if not rows:
                break
            cursor.executemany(
                "UPDATE accounts_user SET email = %s, phone = %s, name = %s, email_index = %s, phone_index = %s "
                "WHERE id = %s",
                [
                    (
                        seal(email, "accounts_user.email"),
                        seal(phone, "accounts_user.phone"),
                        seal(name, "accounts_user.name"),
                        blind_index("email", email),
                        blind_index("phone", phone),
                        pk,
                    )
                    for pk, email, phone, name in rows
                ],
            )
            last = rows[-1][0]
        if "account_emailaddress" in schema_editor.connection.introspection.table_names(cursor):
            cursor.execute("DELETE FROM account_emailaddress")


class Migration(migrations.Migration):
    """Contacts and names lie sealed and are found by a keyed index."""

    dependencies = [
        ("accounts", "0005_rate_limits"),
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="user",
            name="user_email_once",
        ),
        migrations.RemoveConstraint(
            model_name="user",
            name="user_phone_once",
        ),
        migrations.AddField(
            model_name="user",
            name="allows_profiling",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="user",
            name="closed_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="user",
            name="email_bounced_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="user",
            name="email_index",
            field=accounts.sealing.fields.BlindIndexField(of="email"),
        ),
        migrations.AddField(
            model_name="user",
            name="findable_by_email",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="user",
            name="findable_by_phone",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="user",
            name="locked_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="user",
            name="phone_bounced_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="user",
            name="phone_index",
            field=accounts.sealing.fields.BlindIndexField(of="phone"),
        ),
        migrations.AlterField(
            model_name="user",
            name="email",
            field=accounts.sealing.fields.SealedField(blank=True, default="", verbose_name="e-mail address"),
        ),
        migrations.AlterField(
            model_name="user",
            name="name",
            field=accounts.sealing.fields.SealedField(blank=True, default="", verbose_name="name"),
        ),
        migrations.AlterField(
            model_name="user",
            name="phone",
            field=accounts.sealing.fields.SealedField(blank=True, default="", verbose_name="mobile number"),
        ),
        migrations.RunPython(seal_rows, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name="user",
            constraint=models.UniqueConstraint(fields=("email_index",), name="user_email_once"),
        ),
        migrations.AddConstraint(
            model_name="user",
            constraint=models.UniqueConstraint(fields=("phone_index",), name="user_phone_once"),
        ),
    ]
