"""The log: every event as a leaf of one Merkle tree, and the signed checkpoints that say how far it has grown.

Nothing here is ever changed or deleted; PostgreSQL refuses it. The tables are made by SQL in the migration.
"""

from __future__ import annotations

from django.db import models


class Leaf(models.Model):
    """Leaf number → event. commitment hides the person and everything about them, and outlives their key."""

    leaf_index = models.BigIntegerField(primary_key=True)
    subject_id = models.BigIntegerField()
    event_id = models.UUIDField(unique=True)
    leaf_hash = models.BinaryField(max_length=32)
    commitment = models.BinaryField(max_length=32)

    class Meta:
        db_table = "consent_leaf"

    def __str__(self) -> str:
        return f"leaf {self.leaf_index}"


class Tile(models.Model):
    """A full tile of C2SP tlog-tiles: 256 hashes of 32 bytes one after the other, and the root of that subtree, which
    is one hash of the level above. A partial tile is no row: it is read from the leaves or the roots below it."""

    pk = models.CompositePrimaryKey("level", "n")
    level = models.SmallIntegerField()
    n = models.BigIntegerField()
    hashes = models.BinaryField(max_length=8192)
    root = models.BinaryField(max_length=32)

    class Meta:
        db_table = "consent_tile"

    def __str__(self) -> str:
        return f"tile {self.level}/{self.n}"


class Checkpoint(models.Model):
    """tree_size is the key, so no size ever has two roots. note: as published (C2SP signed note). xact, subject_id,
    event_id: the last event sealed, in the order of sealing; cluster: the PostgreSQL cluster whose transaction numbers
    these are."""

    tree_size = models.BigIntegerField(primary_key=True)
    root = models.BinaryField(max_length=32)
    note = models.TextField()
    at = models.DateTimeField()
    xact = models.BigIntegerField()
    subject_id = models.BigIntegerField()
    event_id = models.UUIDField()
    cluster = models.TextField()

    class Meta:
        db_table = "consent_checkpoint"

    def __str__(self) -> str:
        return f"checkpoint {self.tree_size}"


class Witnessing(models.Model):
    """A checkpoint that was handed, or could not be handed, to a second party. witness: its address without
    credentials. answer: why it was not taken, in the party's words or the portal's."""

    tree_size = models.BigIntegerField()
    witness = models.TextField()
    at = models.DateTimeField()
    taken = models.BooleanField()
    answer = models.TextField(blank=True, default="")

    class Meta:
        db_table = "consent_witnessing"
        constraints = (
            models.UniqueConstraint(
                fields=["tree_size", "witness"], name="witnessed_once", condition=models.Q(taken=True)
            ),
        )

    def __str__(self) -> str:
        return f"checkpoint {self.tree_size} to {self.witness}"
