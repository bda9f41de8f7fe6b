# SPDX-License-Identifier: Apache-2.0
"""An exchange of Stillmine as an extension of `threatexchange`: for its command line `tx`, and for Hasher-Matcher-Actioner.

It follows the native feed, drops what people took back, confirms that once it is no longer matched, and reports decisions. Must never
confirm a withdrawal of what an index may still hold. How to use it, and what it can't know: docs/partners.md.
"""

import logging
import secrets
import time
import typing
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from threatexchange.exchanges import auth, fetch_state
from threatexchange.exchanges.collab_config import CollaborationConfigWithDefaults
from threatexchange.exchanges.signal_exchange_api import SignalExchangeAPI
from threatexchange.extensions.manifest import ThreatExchangeExtensionManifest
from threatexchange.signal_type.signal_base import SignalType

from stillmine.client import Exchange, exchange_settings
from stillmine.client.settings import KEY_VARIABLE
from stillmine.wire.ask import AskQuery
from stillmine.wire.ask import Outcome as AskOutcome
from stillmine.wire.errors import FeedCursorForeignError, FeedCursorInvalidError
from stillmine.wire.feed import FeedEntry, FeedPage
from stillmine.wire.feedback import Feedback, NotRemovedReason, Outcome
from stillmine.wire.kinds import Kind

log = logging.getLogger(__name__)

SIGNAL_TYPES = {Kind.PDQ: "pdq", Kind.MD5: "video_md5", Kind.SHA256: "video_sha256", Kind.VPDQ: "vpdq"}
"""The field's name of each kind; `chromaprint` has none there."""

FLAGGED = "flagged"

START_AGAIN = "the exchange does not know this checkpoint: clear what was fetched (`tx fetch --clear --only-collab NAME`) and fetch again"


@dataclass
class StillmineConfig(CollaborationConfigWithDefaults):
    """Which exchange, and how long after a fetch its withdrawals are surely matched nowhere."""

    exchange: str = field(default="", metadata={"help": "address of the exchange, such as https://exchange.example"})
    acknowledge_after_seconds: int = field(
        default=600,
        metadata={"help": "confirm withdrawals so long after they were fetched: longer than rebuilding and loading every index takes"},
    )


@dataclass
class StillmineCredentials(auth.CredentialHelper):
    """The key that the exchange's operator gave."""

    ENV_VARIABLE: typing.ClassVar[str] = "TX_STILLMINE_KEY"
    FILE_NAME: typing.ClassVar[str] = "~/.tx_stillmine_key"

    partner_key: str = field(metadata={"help": "partner key of the exchange: smk_…"})

    @classmethod
    def _from_str(cls, s: str) -> "StillmineCredentials":
        return cls(s.strip())

    def _are_valid(self) -> bool:
        return self.partner_key.startswith("smk_")


@dataclass
class StillmineCheckpoint(fetch_state.FetchCheckpointBase):
    """Where the feed was read to. `waiting_cursor`: what will be confirmed, and since when it waits, in seconds of Unix time."""

    cursor: str
    waiting_cursor: str | None = None
    waiting_since: int = 0
    confirmed_cursor: str | None = None

    def is_stale(self) -> bool:
        """A cursor is good for as long as the exchange knows it."""
        return False

    def get_progress_timestamp(self) -> int | None:
        """A cursor tells no time."""
        return None


@dataclass
class StillmineRecord(fetch_state.FetchedSignalMetadata):
    """One fingerprint as it is stored under its id: the name that this partner alone has for it."""

    kind: str
    value: str
    is_flagged: bool

    def get_as_opinions(self) -> Sequence[fetch_state.SignalOpinion]:
        """A person asks for it to be stopped: what it matches is for a reviewer."""
        return _opinions(self.is_flagged)


@dataclass
class StillmineSignalMetadata(fetch_state.FetchedSignalMetadata):
    """What is known of one signal: every fingerprint with this value, by the ids that go into a report."""

    fingerprint_ids: list[str]
    is_flagged: bool

    def get_as_opinions(self) -> Sequence[fetch_state.SignalOpinion]:
        """A person asks for it to be stopped: what it matches is for a reviewer."""
        return _opinions(self.is_flagged)


class StillmineSignalExchangeAPI(
    auth.SignalExchangeWithAuth[StillmineConfig, StillmineCredentials],
    SignalExchangeAPI[StillmineConfig, StillmineCheckpoint, StillmineSignalMetadata, str, StillmineRecord],
):
    """One exchange, as one partner."""

    def __init__(self, collab: StillmineConfig, exchange: Exchange, clock: typing.Callable[[], float] = time.time) -> None:
        super().__init__()
        self.collab = collab
        self.exchange = exchange
        self._clock = clock

    @classmethod
    def get_name(cls) -> str:
        """Return the name in configurations."""
        return "stillmine"

    @staticmethod
    def get_config_cls() -> type[StillmineConfig]:
        """Return what is configured."""
        return StillmineConfig

    @staticmethod
    def get_checkpoint_cls() -> type[StillmineCheckpoint]:
        """Return what says where a fetch goes on."""
        return StillmineCheckpoint

    @staticmethod
    def get_record_cls() -> type[StillmineSignalMetadata]:
        """Return what is known of a signal."""
        return StillmineSignalMetadata

    @staticmethod
    def get_credential_cls() -> type[StillmineCredentials]:
        """Return what the key comes in."""
        return StillmineCredentials

    @classmethod
    def for_collab(cls, collab: StillmineConfig, credentials: StillmineCredentials | None = None) -> "StillmineSignalExchangeAPI":
        """Return it with its key; raises NotConfiguredError for an address or a key that can't be used."""
        found = credentials or StillmineCredentials.get(cls)
        return cls(collab, Exchange(exchange_settings(collab.exchange, None, {KEY_VARIABLE: found.partner_key})))

    @classmethod
    def naive_convert_to_signal_type(
        cls,
        signal_types: Sequence[type[SignalType]],
        collab: StillmineConfig,  # noqa: ARG003 (the interface's)
        fetched: Mapping[str, StillmineRecord],
    ) -> dict[type[SignalType], dict[str, StillmineSignalMetadata]]:
        """Return the signals of these records; two cases with one picture are one signal with two ids."""
        by_name = {signal_type.get_name(): signal_type for signal_type in signal_types}
        found: dict[type[SignalType], dict[str, StillmineSignalMetadata]] = {}
        for fingerprint_id, record in fetched.items():
            signal_type = by_name.get(SIGNAL_TYPES.get(Kind(record.kind), ""))
            if signal_type is None:
                continue
            signals = found.setdefault(signal_type, {})
            known = signals.get(record.value)
            if known is None:
                signals[record.value] = StillmineSignalMetadata([fingerprint_id], record.is_flagged)
            else:
                known.fingerprint_ids.append(fingerprint_id)
                known.is_flagged = known.is_flagged or record.is_flagged
        return found

    def fetch_iter(
        self,
        supported_signal_types: Sequence[type[SignalType]],  # noqa: ARG002 (the interface's)
        checkpoint: StillmineCheckpoint | None,
    ) -> Iterator[fetch_state.FetchDelta[str, StillmineRecord, StillmineCheckpoint]]:
        """Go on from the checkpoint, which is kept by now with all before it; raises StillmineError, RuntimeError to start again."""
        reached = None if checkpoint is None else self._confirmed(checkpoint)
        while True:
            page = self._page(None if reached is None else reached.cursor)
            reached = self._after(reached, page)
            yield fetch_state.FetchDelta({entry.id: _record(entry) for entry in page.entries}, reached)
            if not page.has_more:
                return

    def report_opinion(self, s_type: type[SignalType], signal: str, opinion: fetch_state.SignalOpinion) -> None:
        """Report what became of a copy that matched this signal, by asking the exchange which fingerprint that is.

        Positive: removed. Negative: not removed; one of the tags says why (`not_the_same`, …). Else: found. Raises LookupError if nothing
        that is active now matches, ValueError for a signal type or a tag that the exchange has no word for, StillmineError.
        """
        kind = next((kind for kind, name in SIGNAL_TYPES.items() if name == s_type.get_name()), None)
        if kind is None:
            raise ValueError(f"signal type: {', '.join(SIGNAL_TYPES.values())}")
        outcome, reason = _decision(opinion)
        (answer,) = self.exchange.ask([AskQuery(kind, signal, as_it_is=True)])
        if answer.outcome is not AskOutcome.MATCH:
            raise LookupError("nothing that is active now matches this signal")
        self.report([answer.id], outcome, reason)

    def report(self, fingerprint_ids: Sequence[str], outcome: Outcome, reason: NotRemovedReason | None = None) -> None:
        """Report one upload with all that it matched, nearest first; raises StillmineError."""
        first, *near = fingerprint_ids
        self.exchange.submit_feedback([Feedback(secrets.token_hex(16), first, outcome, reason, near=near)])

    def _page(self, cursor: str | None) -> FeedPage:
        try:
            return self.exchange.feed_page(cursor)
        except (FeedCursorInvalidError, FeedCursorForeignError):
            raise RuntimeError(START_AGAIN) from None

    def _confirmed(self, checkpoint: StillmineCheckpoint) -> StillmineCheckpoint:
        """Confirm what has waited for long enough, and say so in the checkpoint."""
        waiting = checkpoint.waiting_cursor
        if waiting is None or int(self._clock()) - checkpoint.waiting_since < self.collab.acknowledge_after_seconds:
            return checkpoint
        self.exchange.acknowledge(waiting)
        return StillmineCheckpoint(checkpoint.cursor, confirmed_cursor=waiting)

    def _after(self, reached: StillmineCheckpoint | None, page: FeedPage) -> StillmineCheckpoint:
        """Return the checkpoint after a page. What begins to wait is the end of the feed, and nothing later until that is confirmed."""
        waiting, since, confirmed = (
            (None, 0, None) if reached is None else (reached.waiting_cursor, reached.waiting_since, reached.confirmed_cursor)
        )
        if waiting is None and not page.has_more and page.cursor != confirmed:
            waiting, since = page.cursor, int(self._clock())
        return StillmineCheckpoint(page.cursor, waiting, since, confirmed)


def _record(entry: FeedEntry) -> StillmineRecord | None:
    """Return what is kept of an entry, None where nothing may be."""
    if entry.value is None or entry.kind not in SIGNAL_TYPES:
        return None
    return StillmineRecord(entry.kind.value, entry.value, entry.is_flagged)


def _opinions(is_flagged: bool) -> list[fetch_state.SignalOpinion]:
    tags = {FLAGGED} if is_flagged else set()
    return [fetch_state.SignalOpinion(False, fetch_state.SignalOpinionCategory.INVESTIGATION_SEED, tags)]


def _decision(opinion: fetch_state.SignalOpinion) -> tuple[Outcome, NotRemovedReason | None]:
    if opinion.category == fetch_state.SignalOpinionCategory.POSITIVE_CLASS:
        return Outcome.REMOVED, None
    if opinion.category == fetch_state.SignalOpinionCategory.INVESTIGATION_SEED:
        return Outcome.FOUND, None
    named = [reason for reason in NotRemovedReason if reason.value in opinion.tags]
    if len(named) != 1:
        raise ValueError(f"tags: one of {', '.join(NotRemovedReason)}")
    return Outcome.NOT_REMOVED, named[0]


TX_MANIFEST = ThreatExchangeExtensionManifest(apis=(StillmineSignalExchangeAPI,))
