"""How often somebody may be searched for, and how long that is remembered."""

from datetime import timedelta

WINDOW = timedelta(days=1)  # in which searches for one contact are counted, and their index is kept
SHOWN_FOR = timedelta(days=180)  # as long as sign-ins
