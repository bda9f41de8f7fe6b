# SPDX-License-Identifier: Apache-2.0
"""Django's settings, built by one function from a frozen configuration.

Everything that Django would do on its own with people's data is left out: no sessions, no cookies, no admin, no
templates, no access log. Django's own log lines hold addresses and paths, so they and the server's are dropped. Where the console is on, it
brings templates and the cookie of its forms.
"""

from stillmine.exchange.ground.secret import derive
from stillmine.exchange.settings.config import ExchangeConfig, database_settings
from stillmine.exchange.settings.console import console_settings
from stillmine.serving.log_lines import TEXT, LogFormat
from stillmine.wire.case_key import Secret
from stillmine.wire.codec import MAXIMUM_MESSAGE_BYTES

INSTALLED_APPS = ["stillmine.exchange.rows"]

FORMATTERS: dict[LogFormat, dict[str, object]] = {
    LogFormat.TEXT: {"format": TEXT},
    LogFormat.JSON: {"()": "stillmine.serving.log_lines.JsonLines"},
}

LOGGING: dict[str, object] = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {
        "stderr": {"class": "stillmine.serving.log_lines.SparingHandler", "formatter": "line", "stream": "ext://sys.stderr"},
        "nowhere": {"class": "logging.NullHandler"},
    },
    "loggers": {
        "stillmine": {"handlers": ["stderr"], "level": "INFO", "propagate": False},
        "django": {"handlers": ["nowhere"], "level": "CRITICAL", "propagate": False},
        "uvicorn": {"handlers": ["nowhere"], "level": "CRITICAL", "propagate": False},
    },
}


def build_settings(config: ExchangeConfig, secret: Secret) -> dict[str, object]:
    """Return all of Django's settings; raises NotConfiguredError for a database address that can't be used."""
    return {
        "ALLOWED_HOSTS": list(config.host_names),
        "DATABASES": {"default": database_settings(config)},
        "DATA_UPLOAD_MAX_MEMORY_SIZE": MAXIMUM_MESSAGE_BYTES,
        "DEBUG": False,
        "DEFAULT_AUTO_FIELD": "django.db.models.BigAutoField",
        "FILE_UPLOAD_HANDLERS": [],
        "INSTALLED_APPS": INSTALLED_APPS,
        "LOGGING": {**LOGGING, "formatters": {"line": FORMATTERS[config.log_format]}},
        "MIDDLEWARE": ["stillmine.exchange.ground.padding.pad_answers_of_cases", "stillmine.exchange.web.middleware.refuse_in_plain_words"],
        "ROOT_URLCONF": "stillmine.exchange.web.urls",
        "SECRET_KEY": derive(secret, "stillmine/django-key/v1").hex(),
        "TEMPLATES": [],
        "TIME_ZONE": "UTC",
        "USE_I18N": False,
        "USE_TZ": True,
        **(console_settings(config.host_names, config.trusted_proxies) if config.console else {}),
    }
