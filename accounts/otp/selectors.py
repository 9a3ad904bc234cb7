"""Which codes are open, and by what a person can show that it is them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext
from django_otp_webauthn.models import WebAuthnCredential

from accounts.otp.models import Authenticator, Challenge, RecoveryCode
from accounts.otp.pending import Act
from accounts.otp.rules import OWN_DEVICES, WayKind, counts_from, digest_parameters
from accounts.users.models import User
from accounts.users.rules import Contact, ContactKind


@dataclass(frozen=True, slots=True)
class Way:
    """One of a person's ways to prove that it is them. label: a masked contact, or what they call the device. pk: of
    the device. left: how many recovery codes are unused. contact: where a code goes."""

    kind: WayKind
    label: str
    added_at: datetime | None
    used_at: datetime | None = None
    pk: int | None = None
    left: int | None = None
    contact: Contact | None = None

    @property
    def is_device(self) -> bool:
        """Whether it can be renamed and removed by itself."""
        return self.kind in OWN_DEVICES

    @property
    def counts_from(self) -> datetime:
        """From when on it is one of several proofs; see accounts.otp.rules.counts_from."""
        return counts_from(self.added_at, settings.SECOND_PROOF_HOURS)

    @property
    def is_young(self) -> bool:
        """Whether that is still to come."""
        return self.counts_from > timezone.now()


def open_challenge(user: User, act: str, parameters: Mapping[str, str], *, at: datetime) -> Challenge | None:
    """The code that user can still type for this act and object, if there is one."""
    challenge = latest_challenge(act, parameters, user=user)
    return challenge if challenge and challenge.is_open(at) else None


def latest_challenge(act: str, parameters: Mapping[str, str], *, user: User) -> Challenge | None:
    """The only code that could still be accepted, unless it is too late or guessed at too often."""
    return Challenge.objects.filter(
        user=user, act=act, parameters_digest=digest_parameters(parameters), used_at=None, replaced_at=None
    ).first()


def contact_challenge(challenge_id: UUID) -> Challenge | None:
    """What somebody who is not signed in yet was promised, open or not."""
    return Challenge.objects.filter(pk=challenge_id, user=None).first()


def live_contact_challenge(challenge_id: UUID, act: str, parameters: Mapping[str, str]) -> Challenge | None:
    """The same, where it is for this act and contact, and neither used nor replaced."""
    return Challenge.objects.filter(
        pk=challenge_id,
        user=None,
        act=act,
        parameters_digest=digest_parameters(parameters),
        used_at=None,
        replaced_at=None,
    ).first()


def ways_of(user: User) -> list[Way]:
    """Everything user can prove with, in the order in which it is offered. Three queries."""
    contacts = [contact for contact in user.contacts if contact.is_proven]
    return [
        *(_device(WayKind.PASSKEY, key) for key in passkeys_of(user)),
        *(_device(WayKind.TOTP, app) for app in authenticators_of(user)),
        *(_contact(user, contact) for contact in contacts),
        *_recovery(user),
    ]


def ways_for(user: User, act: Act, *, at: datetime) -> list[Way]:
    """Those of ways_of that count for act at the given instant."""
    ways = [way for way in ways_of(user) if not act.ways or way.kind in act.ways]
    return ways if act.proofs < 2 else [way for way in ways if way.counts_from <= at]


def missing_proofs(user: User, act: Act, *, at: datetime) -> str | None:
    """Why user cannot prove act by themselves at the given instant, in words for them; None where they can."""
    first: dict[WayKind, datetime] = {}
    for way in ways_of(user):
        if not act.ways or way.kind in act.ways:
            first[way.kind] = min(way.counts_from, first.get(way.kind, way.counts_from))
    if act.proofs < 2:
        return None if first else _nothing_to_prove_with(user)
    if len(first) < act.proofs:
        said = gettext("This needs %(needed)d different proofs that it is you, and you have %(have)d.")
        return said % {"needed": act.proofs, "have": len(first)}
    counts = sorted(first.values())[act.proofs - 1]
    if counts <= at:
        return None
    said = gettext(
        "This needs %(needed)d different proofs that it is you. What you added lately counts as one of them from"
        " %(at)s on, so that nobody who got into your account a moment ago can do it in your name."
    )
    return said % {"needed": act.proofs, "at": date_format(timezone.localtime(counts), "Y-m-d H:i")}


def _nothing_to_prove_with(user: User) -> str:
    if user.is_staff:
        return gettext("Whoever works here adds the first way with a code from an administrator. Ask for one.")
    return gettext("You have no way to prove this yet. Add one of those that it needs.")


def authenticators_of(user: User) -> list[Authenticator]:
    """Authenticator apps that were confirmed by a token."""
    return list(Authenticator.objects.filter(user=user, confirmed=True).order_by("pk"))


def passkeys_of(user: User) -> list[WebAuthnCredential]:
    """Passkeys."""
    return list(WebAuthnCredential.objects.filter(user=user, confirmed=True).order_by("pk"))


def device_of(user: User, kind: str, pk: int) -> Authenticator | WebAuthnCredential | None:
    """One of user's apps or passkeys; None for somebody else's as for none."""
    found = {WayKind.TOTP: authenticators_of, WayKind.PASSKEY: passkeys_of}.get(kind)  # type: ignore[call-overload]
    return next((device for device in found(user) if device.pk == pk), None) if found else None


def has_own_device(user: User) -> bool:
    """Whether user has an authenticator app or a passkey."""
    models = (Authenticator, WebAuthnCredential)
    return any(model.objects.filter(user=user, confirmed=True).exists() for model in models)


def _device(kind: WayKind, device: Authenticator | WebAuthnCredential) -> Way:
    return Way(kind, device.name, device.created_at, device.last_used_at, pk=device.pk)


def _contact(user: User, contact: Contact) -> Way:
    kind = WayKind.EMAIL if contact.kind is ContactKind.EMAIL else WayKind.SMS
    return Way(kind, contact.masked, getattr(user, f"{contact.kind}_verified_at"), contact=contact)


def _recovery(user: User) -> list[Way]:
    made_at = RecoveryCode.objects.filter(user=user, used_at=None).values_list("made_at", flat=True)
    return [Way(WayKind.RECOVERY, gettext("recovery codes"), min(made_at), left=len(made_at))] if made_at else []
