"""What `verify_log` can find, in words."""

from __future__ import annotations

from enum import StrEnum

from django.utils.translation import gettext_lazy as _


class Kind(StrEnum):
    """A way in which the log may not fit."""

    LEAF_MISSING = "leaf_missing"
    EVENT_MISSING = "event_missing"
    PUBLIC_CHANGED = "public_changed"
    PRIVATE_CHANGED = "private_changed"
    COMMITMENT_CHANGED = "commitment_changed"
    HASH_CHANGED = "hash_changed"
    LEAF_MOVED = "leaf_moved"
    LEAF_UNSIGNED = "leaf_unsigned"
    EVENT_UNSEALED = "event_unsealed"
    TILE_MISSING = "tile_missing"
    TILE_CHANGED = "tile_changed"
    TILE_UNSIGNED = "tile_unsigned"
    ROOT_DIFFERS = "root_differs"
    NOTE_DIFFERS = "note_differs"
    NOTE_REFUSED = "note_refused"
    CHECKPOINT_MISSING = "checkpoint_missing"
    SHRUNK = "shrunk"
    FORKED = "forked"
    OTHER_LOG = "other_log"


SENTENCES = {
    Kind.LEAF_MISSING: _("Leaf %(leaf)s is missing."),
    Kind.EVENT_MISSING: _("Leaf %(leaf)s: its event %(event)s is missing."),
    Kind.PUBLIC_CHANGED: _("Leaf %(leaf)s, event %(event)s: what was answered, to what, when or where was changed."),
    Kind.PRIVATE_CHANGED: _("Leaf %(leaf)s, event %(event)s: who it is about, or what is private of it, was changed."),
    Kind.COMMITMENT_CHANGED: _("Leaf %(leaf)s, event %(event)s: the commitment in the leaf was changed."),
    Kind.HASH_CHANGED: _("Leaf %(leaf)s, event %(event)s: the hash of the leaf was changed."),
    Kind.LEAF_MOVED: _("Leaf %(leaf)s, event %(event)s: tile %(tile)s has another hash in this place."),
    Kind.LEAF_UNSIGNED: _("Leaf %(leaf)s, event %(event)s: it comes after the last checkpoint, of %(size)s leaves."),
    Kind.EVENT_UNSEALED: _("Event %(event)s is older than the last checkpoint and is no leaf."),
    Kind.TILE_MISSING: _("Tile %(tile)s is missing."),
    Kind.TILE_CHANGED: _("Tile %(tile)s was changed."),
    Kind.TILE_UNSIGNED: _("Tile %(tile)s comes after the last checkpoint, of %(size)s leaves."),
    Kind.ROOT_DIFFERS: _("Checkpoint of %(size)s leaves: its root is not the root of these leaves."),
    Kind.NOTE_DIFFERS: _("Checkpoint of %(size)s leaves: its note says something else than its row."),
    Kind.NOTE_REFUSED: _("Checkpoint of %(size)s leaves: its note is not accepted (%(reason)s)."),
    Kind.CHECKPOINT_MISSING: _("The checkpoint of %(size)s leaves was shown to a witness and is missing."),
    Kind.SHRUNK: _("The log has shrunk: the older checkpoint has %(older)s leaves, the log only %(size)s."),
    Kind.FORKED: _("The log was rewritten: at %(older)s leaves it has another root than the older checkpoint."),
    Kind.OTHER_LOG: _("The older checkpoint is not accepted as one of this log (%(reason)s)."),
}


class Misfit(Exception):
    """The first place found that does not fit. values: what the sentence names."""

    def __init__(self, kind: Kind, values: dict[str, object]) -> None:
        super().__init__(kind, values)  # so that it can be sent from one process to another
        self.kind, self.values = kind, values

    def __str__(self) -> str:
        return str(SENTENCES[self.kind]) % self.values
