"""The whole portal on one machine: real PostgreSQL, real Valkey and the portal's processes under one supervisor."""
