"""Django's sessions in the database, whose sign-in knows them by their present name."""

from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.db import transaction

from accounts.devices.models import SignIn

SIGN_IN = "sign_in"  # session key: id of the SignIn with which it began


class SessionStore(DatabaseStore):
    """Where a session gets a new name, its sign-in learns it: else it could not be ended any more."""

    def cycle_key(self) -> None:
        """As Django's; but a session that somebody has just ended does not come back under another name."""
        number = self.get(SIGN_IN)
        if number is None:
            return super().cycle_key()
        with transaction.atomic():
            sign_in = SignIn.objects.select_for_update(no_key=True).filter(pk=number, ended_at=None).first()
            if sign_in is None:
                return self.flush()
            super().cycle_key()
            sign_in.session_key = self.session_key or ""
            sign_in.save(update_fields=["session_key"])
        return None
