# SPDX-License-Identifier: Apache-2.0
"""Refuse to do anything with a secret that is not this database's: spec/at-rest.md.

With another secret every partner's ids, the ledger's signature and the blind indexes would change in silence. Only a database that holds
nothing may take a new secret.
"""

import hmac

from django.db import connection

from stillmine.exchange.ground.secret import SECRET_FILE, derive
from stillmine.exchange.keys.seal import blind_index
from stillmine.exchange.log.key import signing_key
from stillmine.exchange.protection.values import try_values_of
from stillmine.exchange.rows.cases import Case, Fingerprint
from stillmine.exchange.rows.log import GivenCheckpoint, Leaf
from stillmine.exchange.rows.partners import Partner
from stillmine.exchange.rows.secret_check import SecretCheck
from stillmine.exchange.transaction.context import Context
from stillmine.exchange.transaction.tx import tx
from stillmine.ledger.errors import CheckpointSignatureError
from stillmine.wire.errors import NotConfiguredError

CHECK_ID = 1


def require_own_secret(exchange: Context) -> None:
    """Raise NotConfiguredError where the secret is not this database's; note the secret of a database that has none noted yet."""
    if has_own_secret(exchange):
        return
    with tx("secret_check.note", exchange.clock):
        SecretCheck.objects.filter(id=CHECK_ID).delete()
        SecretCheck.objects.bulk_create([SecretCheck(id=CHECK_ID, value=_value(exchange))], ignore_conflicts=True)


def has_own_secret(exchange: Context) -> bool:
    """Return whether the secret is noted as this database's, False where one can be noted; raises NotConfiguredError for another's."""
    noted = SecretCheck.objects.filter(id=CHECK_ID).first()
    if noted is not None and hmac.compare_digest(noted.value, _value(exchange)):
        return True
    if _holds_rows() and (noted is not None or _opens_nothing(exchange)):
        raise NotConfiguredError(
            f"{exchange.home / SECRET_FILE} is not the secret of this database. Put the file back from your backup, "
            "or name the home or the database that belong together; nothing was changed"
        )
    return False


def require_unused_database() -> None:
    """Raise NotConfiguredError where a home without a secret has a database that holds something. Needs no migration."""
    tables = set(connection.introspection.table_names())
    if {Case._meta.db_table, Partner._meta.db_table} <= tables and _holds_rows(Leaf._meta.db_table in tables):
        raise NotConfiguredError(
            f"{SECRET_FILE} is not in the home folder, and the database holds what was made with it. Put the file back from your backup; "
            "nothing was changed. With a new secret partners' ids, the ledger's key and receipts' key would be others"
        )


def _value(exchange: Context) -> str:
    return derive(exchange.secret, "stillmine/secret-check/v1").hex()


def _holds_rows(has_ledger: bool = True) -> bool:
    """True once anything was done: every change of an operator and of a person is in the ledger, and those of before it left these rows."""
    return Case.objects.exists() or Partner.objects.exists() or (has_ledger and Leaf.objects.exists())


def _opens_nothing(exchange: Context) -> bool:
    """True where something in the database was made with another secret; a database of before the check value knows no better."""
    sealed = list(Fingerprint.objects.filter(sealed_value__isnull=False).order_by("-added_at")[:1])
    values, _ = try_values_of(exchange, sealed)
    for row in sealed:
        if row.id in values:
            return row.blind_index != blind_index(exchange.secret, row.kind, values[row.id])
    given = GivenCheckpoint.objects.order_by("-size").first()
    try:
        return given is not None and not signing_key(exchange.secret).verifier.open(given.note)
    except CheckpointSignatureError:
        return True
