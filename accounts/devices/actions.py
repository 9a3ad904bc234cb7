"""Noting sign-ins, ending sessions, locking an account and opening it again."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import connection, transaction
from django.db.models import Q, QuerySet

from accounts.audit.actions import record_audit
from accounts.audit.rules import Actor
from accounts.devices.messages import tell_locked, tell_of_sign_in, tell_unlocked
from accounts.devices.models import Browser, SignIn
from accounts.devices.rules import Level, Risk, level_of
from accounts.devices.traces import Trace
from accounts.otp.models import Challenge
from accounts.users.locking import Gone, hold
from accounts.users.models import User
from accounts.users.rules import Contact

# One statement whether or not there is such an account, and no wait for the disk, so that the time tells nothing.
NOTE_WRONG_CODE = """
    WITH quickly AS (SELECT set_config('synchronous_commit', 'off', true))
    INSERT INTO accounts_signin (user_id, at, result, way, family, system, network, place, risks, level, session_key)
    SELECT id, %(at)s, 'wrong_code', %(way)s, %(family)s, %(system)s, %(network)s, %(place)s, '[]', 'usual', ''
    FROM accounts_user, quickly WHERE {kind}_index = %(index)s
        AND ({kind}_verified_at IS NOT NULL OR (email_verified_at IS NULL AND phone_verified_at IS NULL))
    FOR SHARE OF accounts_user
"""


@transaction.atomic
def record_sign_in(
    user: User, trace: Trace, risks: Sequence[Risk], *, way: str, session_key: str, at: datetime
) -> SignIn:
    """Note that user came in, know the browser from now on, and tell user of what is unusual by another contact.

    way: kind of the contact that opened the door. Raises Gone where user was locked or left meanwhile.
    Source: K31, K35, Y7.
    """
    if not hold(user).is_active:
        raise Gone
    browser = Browser(
        user=user,
        token_digest=trace.digest(user),
        family=trace.family,
        system=trace.system,
        first_seen_at=at,
        last_seen_at=at,
    )
    Browser.objects.bulk_create(
        [browser],
        update_conflicts=True,
        unique_fields=["user", "token_digest"],
        update_fields=["family", "system", "last_seen_at"],
    )
    sign_in = SignIn.objects.create(
        user=user,
        at=at,
        result=SignIn.Result.ENTERED,
        way=way,
        browser=browser,
        risks=list(risks),
        level=level_of(risks),
        session_key=session_key,
        **trace.as_fields(),
    )
    if sign_in.level != Level.USUAL:
        tell_of_sign_in(user, sign_in, at=at)
    return sign_in


@transaction.atomic
def record_locked(user: User, trace: Trace, *, way: str, at: datetime) -> SignIn:
    """Note that somebody proved a contact of an account that is locked. Raises Gone where user left meanwhile."""
    hold(user)
    return SignIn.objects.create(user=user, at=at, result=SignIn.Result.LOCKED, way=way, **trace.as_fields())


def record_wrong_code(contact: Contact, trace: Trace, *, at: datetime) -> None:
    """Note a wrong code with the account that contact opens, if there is one."""
    values: dict[str, Any] = {"at": at, "way": contact.kind, "index": contact.index, **trace.as_fields()}
    with connection.cursor() as cursor:
        cursor.execute(NOTE_WRONG_CODE.format(kind=contact.kind), values)


def record_proven_again(sign_in_id: int, *, at: datetime) -> None:
    """The person was asked again, and it is them."""
    SignIn.objects.filter(pk=sign_in_id, proven_again_at=None).update(proven_again_at=at)


@transaction.atomic
def end_session(sign_in: SignIn, *, actor: Actor, at: datetime) -> bool:
    """End the session that began with sign_in: its next request is a stranger's. False if it had ended."""
    return bool(_end(SignIn.objects.filter(pk=sign_in.pk), actor=actor, at=at))


@transaction.atomic
def end_all_sessions(user: User, *, except_key: str = "", actor: Actor, at: datetime) -> int:
    """End every session of user but the one with except_key; how many were ended."""
    return _end(SignIn.objects.filter(user=user).exclude(session_key=except_key), actor=actor, at=at)


@transaction.atomic
def disown(sign_in: SignIn, *, actor: Actor, at: datetime) -> bool:
    """The person says that sign_in was not them: its session ends, its browser is a stranger's again, and the next
    sign-ins are looked at with care. False if they had said so before. Source: K31, K35."""
    mine = SignIn.objects.select_for_update(no_key=True).get(pk=sign_in.pk)
    if mine.disowned_at:
        return False
    mine.disowned_at = at
    mine.save(update_fields=["disowned_at"])
    end_session(mine, actor=actor, at=at)
    if mine.browser_id is not None:
        Browser.objects.filter(pk=mine.browser_id).delete()
    record_audit("sign_in.disowned", actor=actor, target=f"user:{mine.user_id}", at=at, details={"sign_in": mine.pk})
    return True


@transaction.atomic
def lock_account(user: User, *, actor: Actor, at: datetime) -> bool:
    """Let nobody in any more: every session ends, every open code dies, and every contact is told.

    False if the account was locked or closed before. Source: K64.
    """
    mine = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    if not mine.is_active:
        return False
    mine.is_active, mine.locked_at = False, at
    mine.set_unusable_password()  # a session that is in no log ends by this, also for the time after
    mine.save(update_fields=["is_active", "locked_at", "password"])
    user.is_active, user.locked_at = False, at
    end_all_sessions(mine, actor=actor, at=at)
    reach = [contact.index for contact in mine.contacts]
    Challenge.objects.filter(
        Q(user=mine) | Q(destination_index__in=reach), used_at=None, replaced_at=None, expires_at__gt=at
    ).update(replaced_at=at)
    record_audit("account.locked", actor=actor, target=f"user:{mine.pk}", at=at)
    tell_locked(mine, at=at)
    return True


@transaction.atomic
def unlock_account(user: User, *, actor: Actor, at: datetime) -> bool:
    """Let the person in again, as from a browser that nobody knows. False if the account was not locked, or is closed.

    Source: K64.
    """
    mine = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    if mine.locked_at is None or mine.closed_at is not None:
        return False
    mine.is_active, mine.locked_at = True, None
    mine.save(update_fields=["is_active", "locked_at"])
    user.is_active, user.locked_at = True, None
    Browser.objects.filter(user=mine).delete()
    record_audit("account.unlocked", actor=actor, target=f"user:{mine.pk}", at=at)
    tell_unlocked(mine, at=at)
    return True


def sweep_sign_ins(*, at: datetime) -> None:
    """Forget sign-ins and browsers after SIGN_IN_LOG_DAYS."""
    end = at - timedelta(days=settings.SIGN_IN_LOG_DAYS)
    SignIn.objects.filter(at__lt=end).delete()
    Browser.objects.filter(last_seen_at__lt=end).delete()


def _end(chosen: QuerySet[SignIn], *, actor: Actor, at: datetime) -> int:
    mine = chosen.filter(ended_at=None).exclude(session_key="").order_by("pk").select_for_update(no_key=True)
    rows = list(mine.values_list("pk", "user_id", "session_key"))
    if not rows:
        return 0
    ended, _per_model = Session.objects.filter(session_key__in=[key for _pk, _user, key in rows]).delete()
    SignIn.objects.filter(pk__in=[pk for pk, _user, _key in rows]).update(ended_at=at)
    if ended:
        user_id = rows[0][1]
        record_audit("session.ended", actor=actor, target=f"user:{user_id}", at=at, details={"count": ended})
    return ended
