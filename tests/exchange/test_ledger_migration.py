# SPDX-License-Identifier: Apache-2.0
"""A log of before there were publications goes on: its entries are published, where they are, and what was signed stays true."""

import subprocess
import sys
from pathlib import Path

SCRIPT = """
import sys
from datetime import date, timedelta
from pathlib import Path
from stillmine.exchange.app import configure
from stillmine.exchange.config import ExchangeConfig
exchange = configure(ExchangeConfig(home=Path(sys.argv[1]), database_url=sys.argv[2] or None))
from django.core.management import call_command
from django.db import connection
call_command("migrate", "ledger", "0002", verbosity=0)
call_command("migrate", "feed", "0005", verbosity=0)

from stillmine.exchange.ledger.key import signing_key
from stillmine.exchange.ledger.nodes import joined_hashes, node_id
from stillmine.ledger.entry import Entry, EventName, commitment, entry_hash, items_root
from stillmine.ledger.tree import CompactRange

key, tree, own = signing_key(exchange.secret), CompactRange(), commitment(bytes(32), "0a" * 16)
with connection.cursor() as cursor:
    def insert(table, columns, *cells):
        cursor.execute(f"INSERT INTO {table} ({columns}) VALUES ({', '.join(['%s'] * len(cells))})", cells)

    at = "2026-11-25 00:00:00+00:00"
    insert("cases_case", "id, case_id, token_hash, state, term_months, opened_at, expires_at", 1, "00", "00", "open", 24, at, at)
    insert(
        "cases_fingerprint",
        "id, case_id, position, is_from_opening, file_number, kind, state, value_bytes, added_at, withdrawn_at,"
        " ledger_commitment",
        "0a" * 16, 1, 1, True, 1, "pdq", "withdrawn", 0, at, at, own,
    )
    insert("partners_partner", "id, name, name_key, random_id, created_at", 1, "Example", "example", "0" * 32, at)
    for place in range(3):
        entry = Entry(EventName.WITHDRAWN, date(2026, 11, 25), bytes([place]) * 32, items=1, root=items_root([own]))
        insert("ledger_leaf", "place, text, items", place, entry.text(), own)
        insert("ledger_mention", "leaf_id, fingerprint_id, event", place, "0a" * 16, "withdrawn")
        tree, completed = tree.with_leaf(entry_hash(entry.text()))
        for node, stored in completed:
            insert("ledger_node", "id, hash", node_id(node), stored)
    cursor.execute("UPDATE ledger_ledgerhead SET size = 3, hashes = %s", [joined_hashes(tree.hashes)])
    insert("ledger_givencheckpoint", "size, note", 3, key.sign(3, tree.root()))
    names = "partner_id, shape, from_sequence, to_sequence, head_sequence, first_at, last_at, pages, disclosed_entry_id"
    insert("feed_disclosure", names, 1, "native", 0, 1, 1, at, at, 1, 2)
call_command("migrate", verbosity=0)

from stillmine.exchange.feed.models import Disclosure
from stillmine.exchange.ledger.fsck import ledger_findings
from stillmine.exchange.ledger.models import GivenCheckpoint, Leaf, LedgerHead, Mention
from stillmine.exchange.ledger.publishing import publish_due
from stillmine.exchange.ledger.queries import consistency
from stillmine.ledger.proofs import continues

head = LedgerHead.objects.get()
print(head.size, head.recorded, head.next_at, [(leaf.id, leaf.place, leaf.publish_by) for leaf in Leaf.objects.order_by("id")])
print(sorted(Mention.objects.values_list("leaf_id", flat=True)), Disclosure.objects.get().disclosed_entry_id)
print([line for line in ledger_findings() if "disclosure" not in line])
print(publish_due(exchange), LedgerHead.objects.get().size)
print([line for line in ledger_findings() if "disclosure" not in line])
old, new = (key.verifier.open(GivenCheckpoint.objects.get(size=size).note) for size in (3, 64))
print(continues(old.size, old.root, new.size, new.root, [bytes.fromhex(one) for one in consistency(3, 64).proof]))
"""


def test_a_log_of_before_goes_on(tmp_path: Path, fresh_database_url: str | None) -> None:
    command = [sys.executable, "-c", SCRIPT, str(tmp_path / "home"), fresh_database_url or ""]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "3 3 None [(0, 0, None), (1, 1, None), (2, 2, None)]",
        "[0, 1, 2] 2",
        "[]",
        "61 64",
        "[]",
        "True",
    ]
