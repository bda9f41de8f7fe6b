# SPDX-License-Identifier: Apache-2.0
"""What only a partner can meet, beside the errors of the wire.

Each has a stable code and says what to do. As on the wire, a sentence never repeats what was sent or read:
it could hold a key, a file name or a fingerprint.
"""

from stillmine.wire.errors import StillmineError


class DeadlineError(StillmineError):
    code = "deadline"
    status = 503
    sentence = "This upload was not screened in time. Hold it or treat it as unscreened, and screen it again later."


class DecoderStoppedError(StillmineError):
    code = "decoder_stopped"
    status = 503
    sentence = (
        "This upload crashed the process that read it, so it was not screened. The service goes on; treat the upload as unscreened, "
        "and refuse it if that happens again."
    )


class TooMuchToDecodeError(StillmineError):
    code = "too_much_to_decode"
    status = 413
    sentence = (
        "This file contains more pictures of this size than are decoded here. What was decoded matched nothing; the rest was not "
        "looked at. Screen the smaller or shorter copy that you show."
    )


class MultipartUnsupportedError(StillmineError):
    code = "multipart_unsupported"
    status = 415
    sentence = (
        "The only form that is read is `multipart/form-data` with one part, a file sent as it is. Send the bytes of the file as the "
        "body, or a form with that file alone."
    )


class ContentEncodingUnsupportedError(StillmineError):
    code = "content_encoding_unsupported"
    status = 415
    sentence = "A compressed body is not read. Send the same without `Content-Encoding`."


class NeverSyncedError(StillmineError):
    code = "never_synced"
    status = 503
    sentence = (
        "Nothing has been fetched from the exchange yet, so nothing can be screened. "
        "Wait for the first sync; `GET /health` says what is wrong."
    )


class ListTooOldError(StillmineError):
    code = "list_too_old"
    status = 503
    sentence = (
        "The last complete sync of the list is longer ago than `--max-age` allows, so nothing is looked up in it: some of it may have been "
        "withdrawn since. `stillmine partner doctor` says why the exchange is not reached; the next complete sync ends this."
    )


class OutsideShareError(StillmineError):
    code = "outside_share"
    status = 503
    sentence = (
        "The configuration file gives each source a share of all uploads, and this one is in no share, so it was not looked up anywhere. "
        "Raise `share` to look up more."
    )


class RegionsNotAskedError(StillmineError):
    """Beside an answer, never instead of one."""

    code = "regions_not_asked"
    status = 403
    sentence = (
        "Regions of this upload were not asked about, because the partner key is for the list alone, or the exchange does not know them. "
        "Everything else was compared. Ask the operator of the exchange for a key with the scope `ask`."
    )


class HomeInUseError(StillmineError):
    code = "home_in_use"
    status = 409
    sentence = (
        "A partner service is running with this home folder and does this itself. Leave it to that service, stop it first, or give "
        "another service its own `--home`."
    )


class HomeOfAnotherExchangeError(StillmineError):
    code = "home_of_another_exchange"
    status = 409
    sentence = "This home folder belongs to another exchange. Give each exchange its own `--home`, or correct `--exchange`."


class StoreUnreadableError(StillmineError):
    code = "store_unreadable"
    status = 500
    sentence = (
        "The store in the home folder can't be read or written. Check free space and permissions; if the file is damaged or newer than"
        " this program, move it away: the next sync fetches everything again."
    )


class BackfillRunningError(StillmineError):
    code = "backfill_running"
    status = 409
    sentence = "A backfill with this journal is running. Wait for it or stop it; another source, or `--journal`, has a journal of its own."


class JournalUnreadableError(StillmineError):
    code = "journal_unreadable"
    status = 500
    sentence = (
        "The journal of this backfill can't be read or written. Check free space and permissions; if it is damaged or newer than this "
        "program, move it away: everything is looked up again, and nothing is reported twice."
    )


class ScreeningNotFoundError(StillmineError):
    code = "screening_not_found"
    status = 404
    sentence = "There is no such screening. Answers that come later are kept for seven days; send the upload again."


class ScreeningInterruptedError(StillmineError):
    code = "interrupted"
    status = 503
    sentence = "The service stopped before this upload was screened, and keeps no upload. Send it again."


class NotInStepError(StillmineError):
    code = "not_in_step"
    status = 503
    sentence = (
        "This instance has not heard from its leader for a minute, so it looks nothing up: some of its list may have been withdrawn since. "
        "Send the upload to another instance, or again later; if it lasts, see that the leader runs and is reached."
    )


class LeaderAwayError(StoreUnreadableError):
    code = "leader_away"
    status = 503
    sentence = (
        "The leading instance does not answer, and it alone keeps matches and decisions. What was answered as a match is recorded when it "
        "is back; try again in a moment."
    )


class InstancesKeyError(StillmineError):
    code = "instances_key_unknown"
    status = 401
    sentence = "This is not the key of the instances. Give followers a copy of the leader's `--instances-key-file`."


class InstanceVersionError(StillmineError):
    code = "instance_version"
    status = 409
    sentence = "Leader and follower are of versions that don't understand each other. Start the same release on both, the leader first."


class LeaderOnlyError(StillmineError):
    code = "leader_only"
    status = 421
    sentence = (
        "This instance follows another one, and only that one, the leader, answers this. Send this path to the leader; `--follow` names it "
        "too, never another follower."
    )


class UrlNotAllowedError(StillmineError):
    code = "url_not_allowed"
    status = 403
    sentence = "Nothing is fetched from this address. Send the file itself, or name where files are fetched from with `--fetch-from`."


class UrlUnreachableError(StillmineError):
    code = "url_unreachable"
    status = 502
    sentence = (
        "The file could not be fetched from its address, so it was not screened. The detail says why; send it again, or the file itself."
    )


class HmaNotLocalError(StillmineError):
    code = "hma_not_local"
    status = 403
    sentence = "Without the service key, only programs on this machine may call this, and no browser. Use `--hma key` and send the key."


class HmaReadOnlyError(StillmineError):
    code = "hma_read_only"
    status = 403
    sentence = (
        "What this bank holds comes from an exchange and can't be changed here. Make a bank of your own with `POST /c/banks`, or hand in "
        "what you found at the exchange itself."
    )


class HmaBankNotFoundError(StillmineError):
    code = "hma_bank_not_found"
    status = 404
    sentence = "There is no bank of this name. `GET /c/banks` lists them, `POST /c/banks` makes one."


class HmaBankExistsError(StillmineError):
    code = "hma_bank_exists"
    status = 403
    sentence = "There is a bank of this name already. Choose another name."


class HmaBankFullError(StillmineError):
    code = "hma_bank_full"
    status = 403
    sentence = "The banks of your own hold as much content as they can. Delete what is not needed any more."


class HmaContentNotFoundError(StillmineError):
    code = "hma_content_not_found"
    status = 404
    sentence = "There is no such content in this bank. A lookup tells its number as `bank_content_id`."


class ReviewSignedOutError(StillmineError):
    code = "review_signed_out"
    status = 401
    sentence = "Nobody is signed in here, or no longer. Open `/review/` and sign in with your key."


class ReviewTokenWrongError(StillmineError):
    code = "review_token_wrong"
    status = 403
    sentence = "This request did not come from the review page of this session. Load the page again."


class MatchDecidedMeanwhileError(StillmineError):
    code = "match_decided_meanwhile"
    status = 409
    sentence = "This match was decided elsewhere, or is shown to somebody else by now. Nothing was changed; ask for the next one."


class ReviewerExistsError(StillmineError):
    code = "reviewer_exists"
    status = 409
    sentence = "There is a reviewer of this name. Choose another name, or remove that one first: a key can't be shown again."


class ReviewerNotFoundError(StillmineError):
    code = "reviewer_not_found"
    status = 404
    sentence = "There is no reviewer of this name. `stillmine partner reviewer list` names them."


class CoopSignatureWrongError(StillmineError):
    code = "coop_signature_wrong"
    status = 401
    sentence = "This callback is not signed with the key of `--coop-key`. Pass Coop's body and `Coop-Signature` on exactly as they came."


class CoopActionUnknownError(StillmineError):
    code = "coop_action_unknown"
    status = 404
    sentence = "The file of `--coop-actions` names no decision for this action. Add it there and restart the service."


class CoopWithoutReviewerError(StillmineError):
    code = "coop_without_reviewer"
    status = 403
    sentence = "This action was triggered by a rule, and only a person's decision is taken here. Nothing was changed."
