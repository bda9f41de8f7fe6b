# SPDX-License-Identifier: Apache-2.0
"""The log as rows. None is ever deleted. An entry gets its place once; only the head moves.

There is no column for a fingerprint's value and must be none: entries stay when a fingerprint is withdrawn.
"""

from django.db import models

HEAD_ID = 1


class LedgerHead(models.Model):
    """One row: the published tree as its compact range. Whoever records or publishes locks it, after the feed's head where both are needed.

    `recorded` is how many entries there are, those that wait and padding included; `next_at` is when the next publication is due, null
    before the first.
    """

    size = models.BigIntegerField()
    hashes = models.BinaryField()
    recorded = models.BigIntegerField(default=0)
    next_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "ledger_ledgerhead"


class Leaf(models.Model):
    """One entry: its exact text, and the commitments that its root is made of, 32 bytes each, in ascending order.

    `id` counts what was recorded; `place` is that in the tree, null until it is published, at the latest `publish_by` (null for
    padding, and for what was recorded before there were publications).
    """

    id = models.BigIntegerField(primary_key=True)
    place = models.BigIntegerField(null=True, unique=True)
    publish_by = models.DateTimeField(null=True)
    text = models.TextField()
    items = models.BinaryField(default=b"")

    class Meta:
        db_table = "ledger_leaf"


class Node(models.Model):
    """The hash of one complete subtree, leaves included. `id` is its place in the tree read from left to right: spec/ledger.md."""

    id = models.BigIntegerField(primary_key=True)
    hash = models.BinaryField()

    class Meta:
        db_table = "ledger_node"


class GivenCheckpoint(models.Model):
    """A checkpoint that left. A second text for one size would be a fork, and the database has no room for it."""

    size = models.BigIntegerField(primary_key=True)
    note = models.TextField()

    class Meta:
        db_table = "ledger_givencheckpoint"


class Mention(models.Model):
    """Which entries name a fingerprint, for all that a page's own record does not tell. Found from here, proved by the entry."""

    leaf = models.ForeignKey(Leaf, on_delete=models.PROTECT, related_name="+", db_index=False)
    fingerprint = models.ForeignKey("rows.Fingerprint", on_delete=models.PROTECT, related_name="+", db_index=False)
    event = models.CharField(max_length=32)
    partner = models.ForeignKey("rows.Partner", on_delete=models.PROTECT, related_name="+", null=True, db_index=False)

    class Meta:
        db_table = "ledger_mention"
        constraints = (models.UniqueConstraint(fields=["fingerprint", "leaf"], name="one_mention_per_entry"),)


class PortalEntry(models.Model):
    """Which entries name a list of the portal's files, by its hash: spec/portal-list.md. Found from here, proved by the entry."""

    leaf = models.OneToOneField(Leaf, on_delete=models.PROTECT, primary_key=True, related_name="+")
    list_hash = models.CharField(max_length=64)

    class Meta:
        db_table = "ledger_portalentry"
