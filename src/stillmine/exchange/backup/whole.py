# SPDX-License-Identifier: Apache-2.0
"""What has to be kept so that an exchange can be put back whole: the one place that says so. A test holds the documents to it."""

from stillmine.exchange.backup.files import KEYS_FILE
from stillmine.exchange.ground.secret import SECRET_FILE
from stillmine.exchange.keys.ring import KEYS_FILE as KEY_ENCRYPTION_FILE

WRITTEN_BY_BACKUP = ("data-<time>.jsonl", KEYS_FILE)
FROM_THE_HOME = (SECRET_FILE, KEY_ENCRYPTION_FILE)
"""Kept apart from the others. Where keys come from a command, the second is what that command reads."""

BACKUP_SET = (*WRITTEN_BY_BACKUP, *FROM_THE_HOME)
