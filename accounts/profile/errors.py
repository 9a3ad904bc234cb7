"""Why a value was not written."""


class FieldLocked(Exception):
    """The person cannot edit it themselves; they can ask for a correction (HTTP 409). code: of the field."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class LockNotAnnounced(Exception):
    """The person was not told yet that the value cannot be edited later; show them the form first (HTTP 409)."""


class NoProfiling(Exception):
    """The person does not allow labels (HTTP 409)."""
