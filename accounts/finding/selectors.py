"""What a person is told about who searched for them."""

from accounts.finding.models import PersonSearch
from accounts.users.models import User


def searches_of(user: User, *, limit: int = 50) -> list[PersonSearch]:
    """Who searched for user by a contact, found or not, newest first. One query."""
    return list(PersonSearch.objects.filter(user=user).order_by("-at", "-pk")[:limit])
