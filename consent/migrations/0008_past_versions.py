from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """A version that was in force before the portal says when it was entered."""

    dependencies = [
        ("consent", "0007_recipients"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="policyversion",
            name="version_takes_effect_after_publication",
        ),
        migrations.AddField(
            model_name="policyversion",
            name="entered_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddConstraint(
            model_name="policyversion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("published_at__isnull", True),
                    models.Q(("controller_block__isnull", False), ("effective_at__gt", models.F("published_at"))),
                    models.Q(
                        ("controller_block__isnull", False),
                        ("effective_at__gte", models.F("published_at")),
                        ("entered_at__gte", models.F("effective_at")),
                        ("entered_at__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="version_takes_effect_after_publication",
            ),
        ),
    ]
