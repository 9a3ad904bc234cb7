import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import accounts.sealing.fields


class Migration(migrations.Migration):
    """Who searched for whom; labels as companies give them; when people last said that their contacts are theirs."""

    dependencies = [
        ("accounts", "0011_leaving"),
    ]

    operations = [
        migrations.RemoveField(
            model_name="profilelabel",
            name="label",
        ),
        migrations.AddField(
            model_name="profilelabel",
            name="code",
            field=accounts.sealing.fields.SealedField(default=""),
        ),
        migrations.AddField(
            model_name="profilelabel",
            name="given_by",
            field=models.TextField(default=""),
        ),
        migrations.AddField(
            model_name="profilelabel",
            name="switched_off_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="profilelabel",
            name="words",
            field=accounts.sealing.fields.SealedJSONField(default=dict),
        ),
        migrations.AddField(
            model_name="user",
            name="contacts_ask_after",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="user",
            name="contacts_confirmed_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        # A text becomes one for each language. No way led here before, so there is nothing to carry over.
        migrations.RemoveField(model_name="profilelabel", name="reason"),
        migrations.AddField(
            model_name="profilelabel",
            name="reason",
            field=accounts.sealing.fields.SealedJSONField(blank=True, default=dict),
        ),
        migrations.CreateModel(
            name="PersonSearch",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                ("searcher", models.TextField()),
                ("company", models.TextField()),
                ("system", models.TextField()),
                ("kind", models.TextField(choices=[("email", "email"), ("phone", "phone")])),
                ("contact_index", models.BinaryField(max_length=32, null=True)),
                ("was_found", models.BooleanField()),
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
                    models.Index(fields=["searcher", "-at"], name="search_by_searcher"),
                    models.Index(
                        condition=models.Q(("contact_index__isnull", False)),
                        fields=["contact_index", "-at"],
                        name="search_by_contact",
                    ),
                    models.Index(
                        condition=models.Q(("user__isnull", False)), fields=["user", "-at"], name="search_of_user"
                    ),
                    models.Index(fields=["at"], name="search_by_time"),
                ],
            },
        ),
        # On the way back: what a company said in two languages does not fit where one text was.
        migrations.RunSQL(migrations.RunSQL.noop, "DELETE FROM accounts_profilelabel"),
    ]
