# SPDX-License-Identifier: Apache-2.0
"""Settings for the type checker only: it has to know the apps and must not touch a home folder.

Never used to serve: there is no database behind it and the key is empty.
"""

from stillmine.exchange.web.django_settings import INSTALLED_APPS

__all__ = ["DATABASES", "DEFAULT_AUTO_FIELD", "INSTALLED_APPS", "ROOT_URLCONF", "SECRET_KEY", "USE_TZ"]

DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
ROOT_URLCONF = "stillmine.exchange.web.urls"
SECRET_KEY = "only for type checking"  # noqa: S105 (opens nothing)
USE_TZ = True
