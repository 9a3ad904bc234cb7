"""Who looked for whom."""

from django.conf import settings
from django.db import models

from accounts.users.rules import ContactKind


class PersonSearch(models.Model):
    """Somebody searched for the holder of a contact (K26, K82). searcher: actor as in the audit trail; company: its
    short name; system: what it calls its key. user: whose proven contact it was, empty where nobody's. contact_index:
    32 bytes, keyed, by which searches for one contact are counted; emptied after a day. was_found: whether the person
    may be found by it, and so was named."""

    at = models.DateTimeField()
    searcher = models.TextField()
    company = models.TextField()
    system = models.TextField()
    kind = models.TextField(choices=[(kind.value, kind.value) for kind in ContactKind])
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="+", db_index=False
    )
    contact_index = models.BinaryField(max_length=32, null=True, editable=False)
    was_found = models.BooleanField()

    class Meta:
        indexes = (
            models.Index(fields=["searcher", "-at"], name="search_by_searcher"),
            models.Index(
                fields=["contact_index", "-at"],
                name="search_by_contact",
                condition=models.Q(contact_index__isnull=False),
            ),
            models.Index(fields=["user", "-at"], name="search_of_user", condition=models.Q(user__isnull=False)),
            models.Index(fields=["at"], name="search_by_time"),
        )

    def __str__(self) -> str:
        return f"search by {self.kind} of {self.searcher}"
