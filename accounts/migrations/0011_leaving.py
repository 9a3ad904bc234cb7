from django.db import migrations, models


class Migration(migrations.Migration):
    """Since when a person is on their way out."""

    dependencies = [("accounts", "0010_personal_reads")]

    operations = [
        migrations.AddField(
            model_name="user",
            name="leaving_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
