"""Telling people, once, that their identity document expires soon (K15, K17)."""

from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from accounts.notices.actions import tell
from accounts.profile.models import ProfileItem
from accounts.profile.validation import ENDLESS

AT_ONCE = 100


@transaction.atomic
def remind_of_expiry(*, at: datetime) -> int:
    """Tell up to AT_ONCE people; how many were looked at, 0 when nobody is left. Each is told once a document.

    The message and the note that it was written are one transaction; two workers share the work.
    """
    today = timezone.localdate(at)
    due = ProfileItem.objects.select_for_update(skip_locked=True, of=("self",)).filter(remind_on__lte=today)
    items = list(due.select_related("user").order_by("remind_on", "pk")[:AT_ONCE])
    for item in items:
        contact = item.user.proven_contact
        if contact and item.user.is_active and item.value != ENDLESS:
            url = settings.BASE_URL + reverse("profile:edit", args=[item.field])
            tell(item.user, "document_expires", {"day": item.value, "url": url}, contacts=[contact], at=at)
    ProfileItem.objects.filter(pk__in=[item.pk for item in items]).update(remind_on=None)
    return len(items)
