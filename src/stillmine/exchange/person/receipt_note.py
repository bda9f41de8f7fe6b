# SPDX-License-Identifier: Apache-2.0
"""Receipts as signed notes with exactly one signature.

The key is derived from the exchange's secret under a label of its own, so that no signature made here can pass for
one on anything else. Checking needs the verifier key only, and no exchange, and takes no other text for a receipt, whoever
signed it: whoever has the key of one kind of note may have been given it as that of another.
"""

import re

from stillmine.exchange.ground.secret import derive
from stillmine.ledger.signed_note import NoteKey, NoteSigner, read_note, read_note_key
from stillmine.wire.case_key import Secret
from stillmine.wire.receipt import TITLE, ReceiptInvalidError

SIGNING_LABEL = "stillmine/receipt-signing-key/v1"

_VERIFIER_KEY = re.compile(r"stillmine/[0-9a-f]{32}\+[0-9a-f]{8}\+[A-Za-z0-9+/]{44}", re.ASCII)


def signing_key(secret: Secret) -> NoteSigner:
    """Return the key that signs this exchange's receipts."""
    return NoteSigner(derive(secret, SIGNING_LABEL))


def read_verifier(text: str) -> NoteKey:
    """Return the verifier in a verifier key; raises ReceiptInvalidError."""
    if not _VERIFIER_KEY.fullmatch(text.strip()):
        raise ReceiptInvalidError("the key has the form stillmine/<32 hex>+<8 hex>+<base64>")
    verifier = read_note_key(text)
    if verifier is None:
        raise ReceiptInvalidError("the key's own check does not fit: it was not copied whole")
    return verifier


def verified_text(verifier: NoteKey, note: str) -> str:
    """Return the text of a note that this verifier's key signed; raises ReceiptInvalidError for any other."""
    read = read_note(note, maximum_signatures=1)
    if read is None:
        raise ReceiptInvalidError("no whole signature line at its end")
    if verifier.signature_on(read) is None:
        raise ReceiptInvalidError("it names another key")
    if not verifier.is_signed(read):
        raise ReceiptInvalidError("the signature does not fit the text")
    if not read.text.startswith(f"{TITLE}\n\n"):
        raise ReceiptInvalidError("it is signed, but it is not a deletion receipt")
    return read.text
