"""Migration operations by which PostgreSQL itself guards evidence.

The tables belong to the owner's role. The application logs in with another role that owns nothing and gets its
rights here, so it can neither change evidence nor switch the guard off.
"""

from django.conf import settings
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.special import RunSQL
from django.db.migrations.state import ProjectState


class _ForApplication(RunSQL):
    """SQL in which `{application}` stands for the application's role, known only when the migration runs."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        role = schema_editor.connection.ops.quote_name(settings.DATABASE_APPLICATION_ROLE)
        schema_editor.execute(str(self.sql).replace("{application}", role), params=None)


class GrantToApplication(_ForApplication):
    """What the application may do with every table that has no stricter rule: read, add, change and delete rows."""

    def __init__(self) -> None:
        super().__init__(
            """
            GRANT USAGE ON SCHEMA public TO {application};
            GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {application};
            GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {application};
            ALTER DEFAULT PRIVILEGES IN SCHEMA public
                GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {application};
            ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO {application};
            CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
            BEGIN
                RAISE EXCEPTION '% on % refused: evidence is append-only', TG_OP, TG_TABLE_NAME
                    USING ERRCODE = 'insufficient_privilege';
            END $$;
            """,
            reverse_sql=RunSQL.noop,
        )


class AppendOnly(_ForApplication):
    """Rows of `table` can be added and read; nobody changes, deletes or truncates them, the owner included.

    A statement-level trigger fires even where no row matches, and costs an INSERT nothing. ENABLE ALWAYS keeps it
    under replication roles too.
    """

    def __init__(self, table: str) -> None:
        self.table = table
        super().__init__(
            f"""
            CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
                FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
            ALTER TABLE {table} ENABLE ALWAYS TRIGGER append_only;
            REVOKE ALL ON {table} FROM {{application}};
            GRANT SELECT, INSERT ON {table} TO {{application}};
            """,
            reverse_sql=RunSQL.noop,
        )

    def deconstruct(self) -> tuple[str, list[object], dict[str, object]]:
        return self.__class__.__name__, [self.table], {}
