from django.db import migrations, models


class Migration(migrations.Migration):
    """When a request was emptied of who asked and what was said, and by what those to empty are found."""

    dependencies = [("consent", "0012_people_and_marketing")]

    operations = [
        migrations.AddField(
            model_name="rightsrequest", name="wiped_at", field=models.DateTimeField(blank=True, null=True)
        ),
        migrations.AddIndex(
            model_name="rightsrequest",
            index=models.Index(
                condition=models.Q(("user__isnull", True), ("wiped_at__isnull", True)),
                fields=["id"],
                name="request_to_wipe",
            ),
        ),
    ]
