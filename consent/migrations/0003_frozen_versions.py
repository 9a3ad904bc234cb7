from django.db import migrations

FREEZE = """
CREATE FUNCTION refuse_change_of_published_version() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
DECLARE
    parent bigint;
    published timestamptz;
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        RAISE EXCEPTION 'TRUNCATE of % refused: published versions are kept', TG_TABLE_NAME
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF TG_TABLE_NAME = 'consent_policyversion' THEN
        published := OLD.published_at;
    ELSE
        -- FOR SHARE waits for a publication under way, so nothing slips in beside it
        FOR parent IN SELECT DISTINCT v FROM unnest(ARRAY[
            CASE WHEN TG_OP <> 'INSERT' THEN (to_jsonb(OLD) ->> TG_ARGV[0])::bigint END,
            CASE WHEN TG_OP <> 'DELETE' THEN (to_jsonb(NEW) ->> TG_ARGV[0])::bigint END]) AS v WHERE v IS NOT NULL
        LOOP
            IF TG_ARGV[0] = 'purpose_id' THEN
                SELECT v.published_at INTO published FROM consent_policyversion v
                    JOIN consent_purpose p ON p.version_id = v.id WHERE p.id = parent FOR SHARE OF v;
            ELSE
                SELECT published_at INTO published FROM consent_policyversion WHERE id = parent FOR SHARE;
            END IF;
            EXIT WHEN published IS NOT NULL;
        END LOOP;
    END IF;
    IF published IS NOT NULL THEN
        RAISE EXCEPTION '% on % refused: the version is published', TG_OP, TG_TABLE_NAME
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER frozen BEFORE UPDATE OR DELETE ON consent_policyversion
    FOR EACH ROW EXECUTE FUNCTION refuse_change_of_published_version();
CREATE TRIGGER frozen BEFORE INSERT OR UPDATE OR DELETE ON consent_policytext
    FOR EACH ROW EXECUTE FUNCTION refuse_change_of_published_version('version_id');
CREATE TRIGGER frozen BEFORE INSERT OR UPDATE OR DELETE ON consent_purpose
    FOR EACH ROW EXECUTE FUNCTION refuse_change_of_published_version('version_id');
CREATE TRIGGER frozen BEFORE INSERT OR UPDATE OR DELETE ON consent_dataitem
    FOR EACH ROW EXECUTE FUNCTION refuse_change_of_published_version('purpose_id');
"""
GUARD = """
CREATE TRIGGER kept BEFORE TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_published_version();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER frozen;
ALTER TABLE {table} ENABLE ALWAYS TRIGGER kept;
"""
TABLES = ("consent_policyversion", "consent_policytext", "consent_purpose", "consent_dataitem")


class Migration(migrations.Migration):
    """A version that left draft can no longer change: PostgreSQL refuses."""

    dependencies = [("consent", "0002_ledger")]

    operations = [
        migrations.RunSQL(FREEZE, reverse_sql="DROP FUNCTION refuse_change_of_published_version CASCADE"),
        *[migrations.RunSQL(GUARD.format(table=table), reverse_sql=migrations.RunSQL.noop) for table in TABLES],
    ]
