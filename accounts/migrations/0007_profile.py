import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import accounts.sealing.fields


class Migration(migrations.Migration):
    """What is known about a person, with its origin and its changes."""

    dependencies = [
        ("accounts", "0006_sealed_contacts"),
    ]

    operations = [
        migrations.CreateModel(
            name="ContactChange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.TextField()),
                ("before", accounts.sealing.fields.SealedField(blank=True, default="")),
                ("after", accounts.sealing.fields.SealedField(blank=True, default="")),
                ("at", models.DateTimeField()),
                ("undo_until", models.DateTimeField()),
                ("undo_digest", models.BinaryField(max_length=32, null=True, unique=True)),
                ("undone_at", models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name="ExternalCheck",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("field", models.TextField()),
                ("checked_by", models.TextField()),
                ("result", models.TextField()),
                ("at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="LockNotice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("field", models.TextField()),
                ("shown_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="MarketingChoice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("channel", models.TextField(choices=[("email", "e-mail"), ("sms", "text message")])),
                (
                    "topic",
                    models.TextField(
                        choices=[("offers", "offers"), ("news", "news of our services"), ("surveys", "surveys")]
                    ),
                ),
                ("is_on", models.BooleanField()),
                ("at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="ProfileChange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("field", models.TextField()),
                ("before", accounts.sealing.fields.SealedField(blank=True, default="")),
                ("after", accounts.sealing.fields.SealedField(blank=True, default="")),
                ("at", models.DateTimeField()),
                ("actor", models.TextField()),
            ],
        ),
        migrations.CreateModel(
            name="ProfileItem",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("field", models.TextField()),
                ("value", accounts.sealing.fields.SealedField()),
                (
                    "source",
                    models.TextField(
                        choices=[
                            ("subject", "you"),
                            ("staff", "our staff, at your request"),
                            ("import", "our earlier records"),
                            ("authority", "an authority or a bank that confirmed it"),
                            ("merchant", "a merchant"),
                            ("partner", "a partner"),
                        ],
                        default="subject",
                    ),
                ),
                ("source_detail", models.TextField(blank=True, default="")),
                ("since_at", models.DateTimeField()),
                ("verified_at", models.DateTimeField(blank=True, null=True)),
                ("remind_on", models.DateField(blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name="ProfileLabel",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("label", accounts.sealing.fields.SealedField()),
                ("reason", accounts.sealing.fields.SealedField(blank=True, default="")),
                ("at", models.DateTimeField()),
            ],
        ),
        migrations.AddField(
            model_name="contactchange",
            name="user",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="contact_changes",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="externalcheck",
            name="user",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="locknotice",
            name="user",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="marketingchoice",
            name="user",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="profilechange",
            name="user",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="profileitem",
            name="user",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="profile_items",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="profilelabel",
            name="user",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="labels",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddIndex(
            model_name="contactchange",
            index=models.Index(fields=["user", "-at"], name="contact_change_by_user"),
        ),
        migrations.AddIndex(
            model_name="externalcheck",
            index=models.Index(fields=["user", "-at"], name="external_check_by_user"),
        ),
        migrations.AddConstraint(
            model_name="locknotice",
            constraint=models.UniqueConstraint(fields=("user", "field"), name="lock_notice_once"),
        ),
        migrations.AddConstraint(
            model_name="marketingchoice",
            constraint=models.UniqueConstraint(fields=("user", "channel", "topic"), name="marketing_choice_once"),
        ),
        migrations.AddIndex(
            model_name="profilechange",
            index=models.Index(fields=["user", "-at"], name="profile_change_by_user"),
        ),
        migrations.AddConstraint(
            model_name="profileitem",
            constraint=models.UniqueConstraint(fields=("user", "field"), name="profile_item_once"),
        ),
        migrations.AddIndex(
            model_name="profileitem",
            index=models.Index(
                condition=models.Q(("remind_on__isnull", False)), fields=["remind_on"], name="profile_item_to_remind"
            ),
        ),
        migrations.AddIndex(
            model_name="profilelabel",
            index=models.Index(fields=["user"], name="label_by_user"),
        ),
    ]
