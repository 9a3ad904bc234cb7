import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    """What a key may do about account holders and advertising."""

    dependencies = [
        ("consent", "0011_vault"),
    ]

    operations = [
        migrations.AlterField(
            model_name="apikey",
            name="scopes",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(
                    choices=[
                        ("policies:read", "read policies"),
                        ("consents:read", "read consents and history"),
                        ("consents:write", "record and withdraw consents"),
                        ("decisions:read", "ask for decisions"),
                        ("receipts:read", "read receipts"),
                        ("subjects:write", "describe data subjects"),
                        ("imports:write", "import existing consents"),
                        ("exports:read", "export for auditors"),
                        ("people:find", "search for people who may be found"),
                        ("people:read", "read labels of account holders"),
                        ("people:write", "put labels and checks of account holders"),
                        ("marketing:send", "ask whether advertising may be sent"),
                    ],
                    max_length=20,
                ),
                size=None,
            ),
        ),
    ]
