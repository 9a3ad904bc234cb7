"""Taking a changed contact back, by the link that went to the former one."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.utils.translation import override

from accounts.audit.actions import record_audit
from accounts.audit.rules import Actor, ActorKind
from accounts.contacts.actions import kind_label, write_contact
from accounts.contacts.errors import NotUndoable
from accounts.contacts.models import ContactChange
from accounts.contacts.selectors import undoable_change
from accounts.devices.actions import end_all_sessions
from accounts.notices.actions import tell
from accounts.otp.actions import lock_contact
from accounts.users.actions import free_unproven_contact
from accounts.users.models import User
from accounts.users.rules import Contact, ContactKind
from accounts.users.selectors import holders_of


@transaction.atomic
def undo_change(token: str, *, at: datetime) -> ContactChange:
    """Put every contact back to what it was before the change, end all sessions, and tell everybody concerned.

    Later changes go with it, of the other kind too: whoever made this one may have made those. A contact that somebody
    else has proven meanwhile stays theirs. Raises NotUndoable (HTTP 410). Source: K119.
    """
    found = undoable_change(token, at=at)
    if found is None:
        raise NotUndoable
    # Contacts before the person, as everywhere, so that nobody waits in a circle.
    for change in sorted(_since(found), key=lambda change: change.before):
        lock_contact(Contact(ContactKind(change.kind), change.before))
    user = User.objects.select_for_update(no_key=True).get(pk=found.user_id)
    changes = _since(found)
    if user.closed_at or not changes or changes[0].pk != found.pk:  # somebody was faster
        raise NotUndoable
    former = {kind: next((c.before for c in changes if c.kind == kind), None) for kind in ContactKind}
    concerned = {contact for contact in user.contacts if contact.is_proven}
    _restore(user, {kind: value for kind, value in former.items() if value is not None}, at)
    ContactChange.objects.filter(pk__in=[change.pk for change in changes]).update(undone_at=at)
    actor = Actor(ActorKind.SUBJECT, user.pk)
    end_all_sessions(user, actor=actor, at=at)
    _tell(user, found, concerned | {contact for contact in user.contacts if contact.is_proven}, at)
    details = {"kind": found.kind, "changes": [change.pk for change in changes]}
    record_audit("contact.change_undone", actor=actor, target=f"user:{user.pk}", at=at, details=details)
    return found


def _since(found: ContactChange) -> list[ContactChange]:
    """The change and the later ones, those aside that were undone."""
    return list(ContactChange.objects.filter(user=found.user_id, pk__gte=found.pk, undone_at=None).order_by("pk"))


def _restore(user: User, former: dict[ContactKind, str], at: datetime) -> None:
    """Raises NotUndoable where no proven contact would be left."""
    for contact in [Contact(kind, value) for kind, value in former.items() if value]:
        if holders_of(contact).exclude(pk=user.pk).exists():
            former = {**former, contact.kind: ""}
        else:
            free_unproven_contact(contact)
    for kind, value in former.items():
        write_contact(user, kind, value, verified_at=at if value else None)
    if user.proven_contact is None:
        raise NotUndoable


def _tell(user: User, change: ContactChange, contacts: Iterable[Contact], at: datetime) -> None:
    with override(user.language):
        parameters = {"what": kind_label(change.kind)}
    in_order = sorted(contacts, key=lambda contact: (contact.kind, contact.value))
    tell(user, "contact_restored", parameters, contacts=in_order, at=at)
