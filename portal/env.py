"""Typed readers of the environment that fail loudly: a name that is missing or wrong stops the start.

Each name may also be given as NAME_FILE, the path of a file that holds the value; so secrets stay out of the
process list and of a container's description.
"""

from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

_env = environ.FileAwareEnv()


def text(name: str, default: str | None = None) -> str:
    """The value of `name` without surrounding white space. Raises ImproperlyConfigured where it is absent."""
    value = _env.str(name) if default is None else _env.str(name, default=default)
    return str(value).strip()


def boolean(name: str, default: bool = False) -> bool:
    """True for 1, true, yes, on."""
    return bool(_env.bool(name, default=default))


def number(name: str, default: float) -> float:
    """A decimal number."""
    try:
        return float(_env.float(name, default=default))
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} must be a number") from error


def words(name: str, default: str = "") -> list[str]:
    """A list written with commas."""
    return [word.strip() for word in text(name, default).split(",") if word.strip()]


def database(name: str) -> dict[str, Any]:
    """A Django database setting from postgresql://role:password@host:port/name or …@/name?host=/socket/folder."""
    url = text(name)
    if not url.startswith(("postgres://", "postgresql://")):
        raise ImproperlyConfigured(f"{name} must be a postgresql:// URL")
    config: dict[str, Any] = dict(environ.Env.db_url_config(url))
    options = dict(config.get("OPTIONS") or {})
    config["HOST"] = options.pop("host", None) or config["HOST"]
    config["OPTIONS"] = options
    return config
