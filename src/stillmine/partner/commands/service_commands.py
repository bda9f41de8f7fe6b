# SPDX-License-Identifier: Apache-2.0
"""The partner's commands: look whether all is right, sync once, serve, screen files.

They read settings, call one thing and say in words what happened. A key is never an option, because a command line can be
read by everyone on the machine. Standard output carries answers only; what went wrong goes to standard error.
"""

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from stillmine.fingerprint.ground.errors import FileUnreadableError
from stillmine.partner.backfill.run import Choice
from stillmine.partner.backfill.source import SourceWords
from stillmine.partner.commands import (
    backfill_command,
    bank_commands,
    doctor_commands,
    instance_commands,
    match_commands,
    older_commands,
    review_commands,
    source_commands,
    statement_commands,
    webhook_commands,
)
from stillmine.partner.commands.in_words import as_shown, result_in_words, sync_in_words
from stillmine.partner.commands.log_option import Logs
from stillmine.partner.fetching.allowed import AllowedSources
from stillmine.partner.fingerprinting.sandbox import keep_out_of_memory
from stillmine.partner.ground.home import prepare_home, sole_user
from stillmine.partner.hma.doors import HmaChoice, require_local
from stillmine.partner.hma.routes import hma_routes
from stillmine.partner.listing.age import MAX_AGE_HOURS
from stillmine.partner.review.routes import BREAK_AFTER, review_routes
from stillmine.partner.screening.screening import Screening
from stillmine.partner.screening.way_in_use import WayChoice
from stillmine.partner.service.app import DEFAULT_THREADS, REAL, build_service
from stillmine.partner.service.opened import opened_sync
from stillmine.partner.service.running import serve as serve_application
from stillmine.partner.service.service import together
from stillmine.partner.service.upkeep import KEPT_DAYS
from stillmine.partner.sources.chosen import chosen_sources
from stillmine.partner.watching.logs import begin_log, say
from stillmine.serving.log_lines import LogFormat
from stillmine.wire.screen import MatchState, RegionsChoice, ScreenOutcome, ScreenResult

DEFAULT_HOME = Path("~/.stillmine/partner")
DEFAULT_PORT = 8460
EXIT_NO_MATCH, EXIT_MATCH, EXIT_NOT_SCREENED = 0, 1, 2
EXIT_NOT_RIGHT = 2

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
app.add_typer(bank_commands.app, name="bank")
app.add_typer(review_commands.app, name="reviewer", help="Whom the review page lets in.")

Home = Annotated[
    Path, typer.Option(envvar="STILLMINE_PARTNER_HOME", help="Folder for store and service key; created with mode 0700.", show_default=True)
]
Exchange = Annotated[
    str | None, typer.Option(envvar="STILLMINE_PARTNER_EXCHANGE", help="Address of the exchange, https:// (http:// only on this machine).")
]
KeyFile = Annotated[
    Path | None,
    typer.Option(envvar="STILLMINE_PARTNER_KEY_FILE", help="File (0600) with the partner key; without it STILLMINE_PARTNER_KEY is read."),
]
RequireSandbox = Annotated[
    bool, typer.Option("--require-sandbox", help="Refuse to start if the kernel can't sandbox the processes that read uploads.")
]
WayWanted = Annotated[
    WayChoice,
    typer.Option(
        "--way",
        help="Where uploads are looked up: `ask` at the exchange, in the `list` that it gave, or in `both`; "
        "`auto` takes the list where it is given.",
    ),
]
Regions = Annotated[
    RegionsChoice,
    typer.Option(
        "--regions",
        help="Which regions of pictures are asked about at the exchange: `all`, `small` without stretched copies, for less work, or `off`.",
    ),
]
MaxAge = Annotated[
    int,
    typer.Option(
        "--max-age",
        min=1,
        max=720,
        help="Hours since the last complete sync after which nothing is looked up in the list: some of it may have been withdrawn since.",
    ),
]
Threads = Annotated[
    int,
    typer.Option(
        min=1,
        max=256,
        help="Pictures read at once, up to 0.7 GB each; half as many videos or sounds, and a quarter as many short ones.",
    ),
]
KeepMatches = Annotated[int, typer.Option(min=1, max=3650, help="Days after a decision until a match is forgotten; open matches are kept.")]
Hma = Annotated[
    HmaChoice,
    typer.Option(
        help="Answer the calls of Hasher-Matcher-Actioner too: to whoever has the service `key`, or `open` to this machine alone."
    ),
]
FetchFrom = Annotated[
    list[str] | None,
    typer.Option(help="Host or origin from which files may be fetched by their address; once for each. None unless named."),
]
SyncEvery = Annotated[
    int, typer.Option(min=1, max=60, help="Seconds between syncs of a list; a withdrawal takes at most this long. Not needed for asking.")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, one object a line.")]


class ScreenedFile(msgspec.Struct, frozen=True):
    """One line of `screen --json`."""

    file: str
    result: ScreenResult


@app.command()
def sync(
    *,
    home: Home = DEFAULT_HOME,
    exchange: Exchange = None,
    key_file: KeyFile = None,
    way: WayWanted = WayChoice.AUTO,
    config: source_commands.Config = None,
    json: Json = False,
) -> None:
    """Fetch what changed from the exchange once, acknowledge it and send feedback; of a partner that asks, send feedback alone.

    `serve` does this by itself.
    """
    _begin()
    chosen = source_commands.one_exchange(config, exchange, key_file, way)
    home = prepare_home(home.expanduser())
    with sole_user(home), opened_sync(home, chosen.settings, chosen.way) as (following, store):
        report = following.run()
        active = store.counts().fingerprints
    typer.echo(msgspec.json.encode(report).decode() if json else sync_in_words(report, active))


@app.command()
def serve(
    *,
    home: Home = DEFAULT_HOME,
    exchange: Exchange = None,
    key_file: KeyFile = None,
    way: WayWanted = WayChoice.AUTO,
    config: source_commands.Config = None,
    listen: Annotated[str, typer.Option(help="Address to listen on. Uploads travel in clear: keep it on this machine.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = DEFAULT_PORT,
    sync_every: SyncEvery = 15,
    threads: Threads = DEFAULT_THREADS,
    require_sandbox: RequireSandbox = False,
    regions: Regions = RegionsChoice.ALL,
    max_age: MaxAge = MAX_AGE_HOURS,
    keep_matches: KeepMatches = KEPT_DAYS,
    hma: Hma = HmaChoice.OFF,
    fetch_from: FetchFrom = None,
    webhook: webhook_commands.Url = None,
    webhook_secret_file: webhook_commands.SecretFile = None,
    webhook_insecure: webhook_commands.Insecure = False,
    remember_days: older_commands.Days = None,
    remember_key_file: older_commands.KeyFile = None,
    remember_reserve: older_commands.Reserve = older_commands.DEFAULT_RESERVE,
    log_format: Logs = LogFormat.TEXT,
    review_page: review_commands.Page = False,
    media_url: review_commands.MediaUrl = None,
    review_break: review_commands.Break = BREAK_AFTER,
    coop_key: review_commands.CoopKey = None,
    coop_actions: review_commands.CoopActions = None,
    instances_key_file: instance_commands.KeyFile = None,
    follow: instance_commands.Follow = None,
    follow_key_file: instance_commands.FollowKeyFile = None,
    follow_insecure: instance_commands.FollowInsecure = False,
    drain_seconds: instance_commands.Drain = None,
) -> None:
    """Answer POST /screen, POST /matches/{id}/review, GET /health, /livez and /readyz, and keep in step with the exchange."""
    _begin(log_format)
    wanted = chosen_sources(config, exchange, key_file, way, regions)
    require_local(hma, listen)
    sources = AllowedSources(fetch_from or [])
    wanted_review = review_commands.review_choice(review_page, media_url, review_break, coop_key, coop_actions)
    following = instance_commands.Following(follow, follow_key_file, follow_insecure, instances_key_file)
    following.require_alone(wanted, has_more=hma is not HmaChoice.OFF or bool(webhook or review_page or coop_key or remember_days))
    home, further = prepare_home(home.expanduser()), following.with_own_banks(hma, wanted.further)
    build = partial(build_service, home, wanted.settings, sync_every, threads, policy=wanted.policy, further=further)
    with sole_user(home):
        application = following.application(home, wanted, threads, sources, needs_sandbox=require_sandbox) or build(
            choice=wanted.way,
            regions=wanted.regions,
            needs_sandbox=require_sandbox,
            kept_days=keep_matches,
            max_age_hours=max_age,
            more_routes=together(hma_routes(hma, home, sources), review_routes(wanted_review)),
            webhook=webhook_commands.choice(webhook, webhook_secret_file, is_inside_allowed=webhook_insecure),
            remembered=older_commands.choice(remember_days, remember_key_file, remember_reserve),
            sources=sources,
            instances_key=following.instances_key(),
        )
        seconds = following.seconds_to_drain(drain_seconds)
        serve_application(application, listen, port, lambda: say(f"partner service: {_shown(listen, port)}", log_format), seconds)


@app.command()
def screen(
    files: Annotated[list[Path], typer.Argument(help="Pictures, videos, sounds.", metavar="FILE…")],
    *,
    home: Home = DEFAULT_HOME,
    exchange: Exchange = None,
    key_file: KeyFile = None,
    way: WayWanted = WayChoice.AUTO,
    config: source_commands.Config = None,
    require_sandbox: RequireSandbox = False,
    regions: Regions = RegionsChoice.ALL,
    max_age: MaxAge = MAX_AGE_HOURS,
    json: Json = False,
) -> None:
    """Look files up in the last synced list, or at the exchange. A match is kept and reported later, as with the service.

    Exit codes: 0 no file matched, 1 at least one file matched, 2 none matched and at least one was not screened (or a setting is wrong).
    """
    _begin()
    home = prepare_home(home.expanduser())
    outcomes = set()
    wanted = source_commands.for_files(config, exchange, key_file, way, regions)
    with wanted.opened(home, needs_sandbox=require_sandbox, max_age_hours=max_age) as screening:
        for file, result in _screened(files, screening):
            outcomes.add(result.outcome)
            words = f"{as_shown(str(file))}: {result_in_words(result)}"
            typer.echo(msgspec.json.encode(ScreenedFile(str(file), result)).decode() if json else words)
    if ScreenOutcome.MATCH in outcomes:
        raise typer.Exit(EXIT_MATCH)
    raise typer.Exit(EXIT_NOT_SCREENED if ScreenOutcome.NOT_SCREENED in outcomes else EXIT_NO_MATCH)


@app.command()
def doctor(
    *,
    home: Home = DEFAULT_HOME,
    exchange: Exchange = None,
    key_file: KeyFile = None,
    way: WayWanted = WayChoice.AUTO,
    config: source_commands.Config = None,
    threads: Annotated[int, typer.Option(min=1, max=256, help="Pictures read at once, as for `serve`: memory is held against it.")] = (
        DEFAULT_THREADS
    ),
    require_sandbox: RequireSandbox = False,
    json: Json = False,
) -> None:
    """Look once whether everything is right, and say what to do: this machine, the home folder, the exchange and what the key may do.

    Asks about nothing and changes nothing, also while the service runs. Exit codes: 0 nothing fails, 2 something does.
    """
    _begin()
    chosen = partial(chosen_sources, config, exchange, key_file, way, RegionsChoice.ALL)
    if not doctor_commands.look(home, chosen, threads, needs_sandbox=require_sandbox, is_json=json):
        raise typer.Exit(EXIT_NOT_RIGHT)


@app.command()
def matches(
    home: Home = DEFAULT_HOME,
    state: match_commands.State = MatchState.OPEN,
    content_id: match_commands.ContentId = None,
    json: Json = False,
) -> None:
    """List matches that need a decision, oldest first; works while the service runs."""
    _begin()
    match_commands.list_matches(home, state, content_id, is_json=json)


@app.command()
def review(
    match_id: match_commands.MatchId,
    decision: match_commands.Decided,
    *,
    home: Home = DEFAULT_HOME,
    reason: match_commands.Reason = None,
    vote: match_commands.Vote = None,
    vote_reason: match_commands.VoteWhy = None,
) -> None:
    """Record what a reviewer decided about a match; the exchange is told at the next sync. Works while the service runs."""
    _begin()
    match_commands.review_match(home, match_id, match_commands.review_of(decision, reason, vote, vote_reason))


@app.command()
def statements(
    words: statement_commands.WordsFile,
    *,
    home: Home = DEFAULT_HOME,
    uploads: statement_commands.UploadsFile = None,
    since: statement_commands.Since = None,
    out: statement_commands.Out = None,
    puids: statement_commands.PuidsFile = None,
) -> None:
    """Write a statement of reasons for each upload that was removed, as the EU's transparency database takes them; sends nothing.

    Exit codes: 0 each has one, 2 some lack something, which is said (or a setting is wrong).
    """
    _begin()
    if not statement_commands.write_statements(home, statement_commands.Files(words, uploads, out, puids), since):
        raise typer.Exit(EXIT_NOT_RIGHT)


@app.command()
def report(month: statement_commands.Month, home: Home = DEFAULT_HOME, out: statement_commands.Out = None) -> None:
    """Write numbers of a month for a trust report, as CSV: rounded down to tens, nothing of a single upload."""
    _begin()
    statement_commands.write_report(home, month, REAL.clock(), out)


@app.command()
def webhooks(home: Home = DEFAULT_HOME, retry: webhook_commands.Retry = False, json: Json = False) -> None:
    """Say how many webhooks wait and which have failed; `--retry` sends them all again. Works while the service runs."""
    _begin()
    webhook_commands.show_webhooks(home, is_retry=retry, is_json=json)


@app.command()
def backfill(
    source: backfill_command.SourceName,
    *,
    home: Home = DEFAULT_HOME,
    exchange: Exchange = None,
    key_file: KeyFile = None,
    way: WayWanted = WayChoice.AUTO,
    config: source_commands.Config = None,
    out: backfill_command.Out = None,
    journal: backfill_command.JournalFile = None,
    again: backfill_command.Again = False,
    retry_not_screened: backfill_command.RetryNotScreened = False,
    endpoint_url: backfill_command.EndpointUrl = None,
    fetch_from: FetchFrom = None,
    leave_queries: backfill_command.LeaveQueries = None,
    engine: backfill_command.EngineChoice = backfill_command.EngineName.LOCAL,
    ray_address: backfill_command.RayAddress = None,
    threads: Annotated[
        int, typer.Option(min=1, max=256, help="Items read at once on this machine, also by a Ray cluster of its own.")
    ] = DEFAULT_THREADS,
    require_sandbox: RequireSandbox = False,
    regions: Regions = RegionsChoice.ALL,
    max_age: MaxAge = MAX_AGE_HOURS,
    json: Json = False,
) -> None:
    """Look up what you hold already: each item once, however often the run is interrupted. Works while the service runs.

    Exit codes: 0 nothing matched, 1 something did, 2 nothing matched and something was not screened (or it can't go on), 130 interrupted.
    """
    _begin()
    alone = source_commands.for_files(config, exchange, key_file, way, regions).require_one()
    how = backfill_command.How(
        home=prepare_home(home.expanduser()),
        settings=alone.settings,
        way=alone.way,
        regions=alone.regions,
        max_age_hours=max_age,
        threads=threads,
        needs_sandbox=require_sandbox,
        leave_queries=leave_queries,
        engine=engine,
        ray_address=ray_address,
        out=out,
        journal=journal,
        is_json=json,
    )
    words = SourceWords(source, endpoint_url, fetch_from or [])
    raise typer.Exit(backfill_command.backfill(words, Choice(is_again=again, is_retry=retry_not_screened), how))


def _shown(listen: str, port: int) -> str:
    return f"http://[{listen}]:{port}" if ":" in listen else f"http://{listen}:{port}"


def _screened(files: Sequence[Path], screening: Screening) -> Iterator[tuple[Path, ScreenResult]]:
    for path in files:
        try:
            with path.open("rb") as file:
                yield path, screening.screen_upload(file)
        except OSError:
            yield path, screening.not_screened(FileUnreadableError.code)


def _begin(log_format: LogFormat = LogFormat.TEXT) -> None:
    """What every command needs: this process holds keys and values, so no other may look into it."""
    keep_out_of_memory()
    begin_log(log_format)
