# SPDX-License-Identifier: Apache-2.0
"""What Django has to know where the console is on: templates, and the cookie that forms are bound to.

Where it is off, none of this is set and no address of the console exists.
"""

from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "console"
FORM_COOKIE = "stillmine_console_form"


def console_settings(host_names: tuple[str, ...], trusted_proxies: int) -> dict[str, object]:
    """Return Django's settings for the console."""
    return {
        "CSRF_COOKIE_AGE": None,
        "CSRF_COOKIE_HTTPONLY": True,
        "CSRF_COOKIE_NAME": FORM_COOKIE,
        "CSRF_COOKIE_PATH": "/console/",
        "CSRF_COOKIE_SAMESITE": "Strict",
        "CSRF_FAILURE_VIEW": "stillmine.exchange.console.pages.form_refused",
        "CSRF_TRUSTED_ORIGINS": [f"https://{name}" for name in host_names],  # the TLS of a proxy can't be seen from here
        "ROOT_URLCONF": "stillmine.exchange.console.urls",
        "SECURE_PROXY_SSL_HEADER": ("HTTP_X_FORWARDED_PROTO", "https") if trusted_proxies else None,
        "TEMPLATES": [{"BACKEND": "django.template.backends.django.DjangoTemplates", "DIRS": [str(FOLDER / "templates")]}],
    }
