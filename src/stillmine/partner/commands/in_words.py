# SPDX-License-Identifier: Apache-2.0
"""Matches, answers and syncs as lines that a person reads on the command line.

Says what the answer over HTTP says and nothing more: no distance, no fingerprint.
"""

from collections.abc import Sequence

from stillmine.partner.listing.sync import SyncReport
from stillmine.wire.kinds import KIND_RULES
from stillmine.wire.screen import Judges, KeptMatch, MatchClass, MatchedSpan, ScreenMatch, ScreenOutcome, ScreenResult, Variant, WayName

_CLASSES = {
    MatchClass.EXACT: "the same picture",
    MatchClass.NEAR: "a copy",
    MatchClass.PART: "perhaps a part of it, for a reviewer",
    MatchClass.DISPUTED: "disputed, for a reviewer",
}
_JUDGES = {
    Judges.AGREED: "its regions agree",
    Judges.DISPUTED: "its regions contradict, for a reviewer",
    Judges.ONE_JUDGE: "one judge",
}


def as_shown(text: str) -> str:
    """Return a stranger's text with every sign that can't be seen, or that turns or moves what is seen, in words: `\\u202e`."""
    return "".join(sign if sign.isprintable() else _escaped(sign) for sign in text)


def match_in_words(match: ScreenMatch) -> str:
    """Return how the upload matches, and the match id."""
    rule = KIND_RULES[match.kind]
    if rule.is_whole_file:
        how = "the same file"
    elif rule.is_ask_only:
        seen = "" if match.transform is None else f": {match.transform.words}"
        how = f"{_CLASSES[match.match_class]} by its regions{seen}"
    elif rule.is_picture:
        undone = f" after {' and '.join(match.undone)}" if match.undone else ""
        shown = "".join(f", on screen at {span.upload_start_seconds:g}-{span.upload_end_seconds:g} s" for span in match.matched_spans)
        how = f"{match.match_class} as {match.variant}{undone}{_bits(match)}{shown}{_heard(match)}"
    elif rule.is_seen:
        turned = "" if match.variant in (None, Variant.ORIGINAL) else f" as {match.variant}"
        how = f"{match.match_class} video{turned}{_spans(match.matched_spans)}"
    else:
        how = f"{match.match_class} sound{_spans(match.matched_spans)}"
    return f"{how}, match id {match.match_id}"


def kept_in_words(match: KeptMatch) -> str:
    """Return one line of the list of matches: the minute, what was decided, the platform's word for the upload, and how it matches."""
    decided = "open" if match.decision is None else str(match.decision) + (f" ({match.reason})" if match.reason else "")
    withdrawn = ", withdrawn" if match.is_withdrawn else ""
    upload = "" if match.content_id is None else f"  {as_shown(match.content_id)}"
    return f"{match.matched_at:%Y-%m-%d %H:%M}Z  {decided}{withdrawn}{upload}  {match_in_words(match)}"


def result_in_words(result: ScreenResult) -> str:
    """Return the answer to one file."""
    if result.outcome is ScreenOutcome.NOT_SCREENED:
        return f"not screened [{', '.join(result.left_out)}]"
    if result.outcome is ScreenOutcome.NO_MATCH:
        return "no match" + _regions_in_words(result)
    by_sound = " by sound alone, so a person must listen" if result.is_by_sound_alone else ""
    left_out = f"; not compared: [{', '.join(result.left_out)}]" if result.left_out else ""
    kept = "" if result.not_recorded is None else f"; not recorded: [{result.not_recorded}]"
    return f"match{by_sound}: {', '.join(match_in_words(match) for match in result.matches)}{left_out}{_regions_in_words(result)}{kept}"


def sync_in_words(report: SyncReport, active: int) -> str:
    """Return what a sync changed; so many fingerprints are active now."""
    if report.way is WayName.ASK:
        return f"No list is kept: uploads are looked up at the exchange. {_counted(report.feedback_sent, 'report')} sent."
    parts = [
        "Started again from the beginning of the feed." if report.started_again else "",
        f"{_counted(report.added, 'fingerprint')} added, {report.erased} erased; {active} matched from now on.",
        f"Left out, because this version can't match their kind: {report.of_other_kinds}." if report.of_other_kinds else "",
        f"{_counted(report.feedback_sent, 'report')} sent." if report.feedback_sent else "",
        f"Dropped, because this exchange knows no such fingerprint: {_counted(report.feedback_unknown, 'report')}."
        if report.feedback_unknown
        else "",
    ]
    return " ".join(part for part in parts if part)


def _heard(match: ScreenMatch) -> str:
    return "" if match.judges is None else f", {_JUDGES[match.judges]}"


def _escaped(sign: str) -> str:
    return sign.encode("unicode_escape").decode()


def _bits(match: ScreenMatch) -> str:
    return "" if match.distance_bucket is None else f", {match.distance_bucket} of 256 bits differ"


def _spans(spans: Sequence[MatchedSpan]) -> str:
    parts = []
    for span in spans:
        upload = f"{span.upload_start_seconds:g}-{span.upload_end_seconds:g} s"
        parts.append(f"{upload} is {span.fingerprint_start_seconds:g}-{span.fingerprint_end_seconds:g} s")
    return f", {' and '.join(parts)}" if parts else ""


def _regions_in_words(result: ScreenResult) -> str:
    return "" if result.regions_left_out is None else f"; regions not asked about: [{result.regions_left_out}]"


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
