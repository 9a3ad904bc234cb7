"""What must hold before an account can be cancelled.

A condition is a function `(user) -> Condition` named by its dotted path in the setting LEAVING_CONDITIONS. A company
adds its own, such as a balance of zero, as a module that is on the path; it is asked when the page is shown, when the
person confirms, and once more when the cooling-off period is over, so it must be quick and must not write.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Q
from django.urls import reverse
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from accounts.models import User
from consent.rights.requests.models import ENDED, Channel, Kind, RightsRequest, Status
from consent.rights.retention.models import LegalHold

# These ask for the same as the cancellation itself.
NOT_IN_THE_WAY = (Kind.CANCELLATION, Kind.DELETION)


@dataclass(frozen=True, slots=True)
class Condition:
    """is_met, and what is so now, in words for the person. help: what they can do about it; empty where it is met.
    where: the address at which they do it; empty where it is none of the portal's."""

    is_met: bool
    state: str
    help: str = ""
    where: str = ""


def conditions_of(user: User) -> list[Condition]:
    """Each condition with its present state, in the order of the setting. Source: K97."""
    checks: list[Callable[[User], Condition]] = [import_string(path) for path in settings.LEAVING_CONDITIONS]
    return [check(user) for check in checks]


def no_open_request(user: User) -> Condition:
    """Nobody at the desk is still working on something that the person asked for."""
    # Until it is proven who asks, a form or a call may be a stranger's, who must not keep anybody here.
    waiting = RightsRequest.objects.filter(~Q(status=Status.RECEIVED) | Q(channel=Channel.ACCOUNT), user=user)
    waiting = waiting.exclude(status__in=ENDED).exclude(kind__in=NOT_IN_THE_WAY)
    numbers = list(waiting.order_by("number").values_list("number", flat=True))
    if not numbers:
        return Condition(True, _("No request of yours is open"))
    said = ngettext(
        "%(count)d request of yours is open: %(numbers)s",
        "%(count)d requests of yours are open: %(numbers)s",
        len(numbers),
    )
    state = said % {"count": len(numbers), "numbers": pgettext("between items", ", ").join(numbers)}
    return Condition(False, state, _("Withdraw it, or wait until it is answered."), reverse("requests:mine"))


def no_legal_hold(user: User) -> Condition:
    """No authority or court wants everything left as it is."""
    if LegalHold.objects.filter(user=user, lifted_at=None).exists():
        return Condition(
            False,
            _("A legal duty forbids us to erase anything of yours for now"),
            _("We may not always say why. Ask us; we tell you as soon as it ends."),
        )
    return Condition(True, _("No legal duty stands against it"))
