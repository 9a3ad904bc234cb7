#!/bin/bash
# Run once by the postgres image when it makes its cluster: the owner of the tables, and the application that owns none.
set -eu
psql --set ON_ERROR_STOP=1 --quiet --username "$POSTGRES_USER" --dbname postgres \
    --set owner="$(cat /run/secrets/owner-password)" \
    --set application="$(cat /run/secrets/application-password)" <<'SQL'
CREATE ROLE assent_owner LOGIN PASSWORD :'owner';
CREATE ROLE assent_app LOGIN PASSWORD :'application';
CREATE DATABASE assent OWNER assent_owner ENCODING 'UTF8' TEMPLATE template0;
REVOKE ALL ON DATABASE assent FROM PUBLIC;
GRANT CONNECT ON DATABASE assent TO assent_app;
\connect assent
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO assent_app;
SQL
