"""What can be wrong with the log, or with what is asked of it."""


class LogBroken(Exception):
    """What is stored does not lead to the last signed checkpoint; `manage.py verify_log` names the place."""


class NoSuchSize(ValueError):
    """The log has never had this size, or not yet (404)."""
