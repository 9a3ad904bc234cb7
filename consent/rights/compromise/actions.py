"""A person says that somebody else is in their account."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format

from accounts.audit.rules import Actor
from accounts.devices.actions import lock_account
from accounts.devices.models import SignIn
from accounts.devices.selectors import sign_ins_of
from accounts.models import User
from consent.rights.requests.actions import open_request
from consent.rights.requests.models import Channel, Kind, RightsRequest
from consent.rights.requests.selectors import open_requests_of


@transaction.atomic
def report_compromise(
    user: User, *, details: str = "", with_sign_ins: bool = False, language: str, actor: Actor, at: datetime
) -> RightsRequest:
    """Lock user's account and open a case for the desk; the one that is open already, where there is one.

    details: the person's own words. with_sign_ins: whether the desk may see the newest sign-ins, which it otherwise
    does not (K36). Source: K64.
    """
    lock_account(user, actor=actor, at=at)
    known = open_requests_of(user).filter(kind=Kind.COMPROMISED).first()
    if known:
        return known
    if with_sign_ins:
        details = "\n".join([details, *map(_line, sign_ins_of(user))]).strip()
    return open_request(
        Kind.COMPROMISED, channel=Channel.ACCOUNT, user=user, details=details, language=language, actor=actor, at=at
    )


def _line(sign_in: SignIn) -> str:
    at = date_format(timezone.localtime(sign_in.at), "Y-m-d H:i")
    facts = [at, sign_in.browser_words, sign_in.network, sign_in.place, sign_in.get_result_display()]
    return " · ".join([*[str(fact) for fact in facts if fact], *sign_in.risk_labels])
