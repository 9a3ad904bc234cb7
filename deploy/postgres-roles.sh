#!/bin/bash
# Run once by the postgres image when it makes its cluster: the owner of the tables, the application that owns
# none, and the vault's role, which reaches nothing else.
set -eu
psql --set ON_ERROR_STOP=1 --quiet --username "$POSTGRES_USER" --dbname postgres \
    --set owner="$(cat /run/secrets/owner-password)" \
    --set application="$(cat /run/secrets/application-password)" \
    --set vault="$(cat /run/secrets/vault-password)" <<'SQL'
CREATE ROLE assent_owner LOGIN PASSWORD :'owner';
CREATE ROLE assent_app LOGIN PASSWORD :'application';
CREATE ROLE assent_vault LOGIN PASSWORD :'vault';
CREATE DATABASE assent OWNER assent_owner ENCODING 'UTF8' TEMPLATE template0;
REVOKE ALL ON DATABASE assent FROM PUBLIC;
GRANT CONNECT ON DATABASE assent TO assent_app, assent_vault;
\connect assent
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO assent_app;
SQL
