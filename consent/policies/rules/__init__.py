"""Pure functions about policies: no database, no request."""
