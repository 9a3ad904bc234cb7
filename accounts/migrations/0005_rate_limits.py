from django.db import migrations

RATE_LIMIT = """
CREATE TABLE rate_limit (
    cache_key varchar(255) NOT NULL PRIMARY KEY,
    value     text         NOT NULL,
    expires   timestamptz  NOT NULL
);
CREATE INDEX rate_limit_expires ON rate_limit (expires);
"""


class Migration(migrations.Migration):
    """Where Django's database cache counts how often somebody asks for a code; as `createcachetable` makes it."""

    dependencies = [("accounts", "0004_challenges")]

    operations = [migrations.RunSQL(RATE_LIMIT, reverse_sql="DROP TABLE rate_limit")]
