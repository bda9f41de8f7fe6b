# SPDX-License-Identifier: Apache-2.0
"""Where the exchange is put together: the only place that picks a clock, randomness and a database.

`configure` prepares a process (command, worker or test) once; `wsgi_application` is what a server runs.
"""

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import django
from django.conf import settings

from stillmine.exchange.ground.secret import RandomBytes, keep_secret, load_secret, new_secret
from stillmine.exchange.ground.uptime import UptimeReader, system_uptime
from stillmine.exchange.keys.day_keys import DayKeys
from stillmine.exchange.keys.ring import KeyEncryptionKeys
from stillmine.exchange.settings.config import ExchangeConfig
from stillmine.exchange.transaction.context import SETTING, Clock, Context
from stillmine.exchange.web.django_settings import build_settings

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

    from stillmine.exchange.web.static_files import StaticFiles


def system_clock() -> datetime:
    """Return the time of this machine, in UTC."""
    return datetime.now(UTC)


def configure(
    config: ExchangeConfig, clock: Clock = system_clock, random_bytes: RandomBytes = os.urandom, uptime: UptimeReader = system_uptime
) -> Context:
    """Prepare Django in this process; raises NotConfiguredError with a sentence for the operator."""
    os.umask(0o077)  # the database and its log are for this user alone
    kept = load_secret(config.home)
    secret = kept or new_secret(random_bytes)
    keys = KeyEncryptionKeys(config.home, config.keys_command, clock)
    exchange = Context(
        secret=secret,
        clock=clock,
        random_bytes=random_bytes,
        trusted_proxies=config.trusted_proxies,
        portal=config.portal,
        keys=keys,
        day_keys=DayKeys(config.home, keys),
        home=config.home,
        intake=config.intake,
        console=config.console,
        uptime=uptime,
        publish_every=config.publish_every,
        feed=config.feed,
        ask=config.ask,
        doors=config.doors,
        room=config.room,
        public_address=config.public_address,
        backup=config.backup,
        alerts=config.alerts,
        log_format=config.log_format,
    )
    settings.configure(**build_settings(config, secret), **{SETTING: exchange})
    django.setup()
    if kept is None and not config.is_reading:
        from stillmine.exchange.database.migrate import require_unused  # noqa: PLC0415 (needs the configured apps)

        require_unused(config)
        keep_secret(config.home, secret, random_bytes)
    return exchange


def wsgi_application(exchange: Context, portal: "StaticFiles | None" = None) -> "WSGIApplication":
    """Return the whole exchange: API, portal where there is one, and the headers on every answer.

    `portal` is what was read of the portal already, if it was.
    """
    from django.core.handlers.wsgi import WSGIHandler  # noqa: PLC0415 (most commands answer no request, and these load slowly)

    from stillmine.exchange.ground.headers import with_headers  # noqa: PLC0415 (after Django is configured)
    from stillmine.exchange.web.portal import read_portal, with_portal  # noqa: PLC0415 (after Django is configured)

    files = portal or read_portal(exchange.portal)
    return with_headers(with_portal(WSGIHandler(), files), exchange.console, exchange.trusted_proxies)
