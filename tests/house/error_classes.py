# SPDX-License-Identifier: Apache-2.0
"""Imports every module of the program, in a process of its own, and prints each error class as a line of JSON.

A process of its own, because Django is configured once in a process and the tests of the exchange do that their way. A module that
can't be imported ends it with a traceback: nothing is passed over.
"""

import importlib
import inspect
import json
import os
import pkgutil
import sys

import django

import stillmine
from stillmine.wire.errors import StillmineError


def every_module() -> list[str]:
    """The program's modules by name; `__main__` would run."""
    found = [module.name for module in pkgutil.walk_packages(stillmine.__path__, "stillmine.")]
    return [name for name in found if not name.endswith(".__main__")]


def error_classes() -> list[type[StillmineError]]:
    """The root and all its children, each once."""
    found: list[type[StillmineError]] = [StillmineError]
    for known in found:
        found += [child for child in known.__subclasses__() if child not in found]
    return found


def main() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "stillmine.exchange.web.type_checking_settings"
    django.setup()
    for name in every_module():
        importlib.import_module(name)
    for error in error_classes():
        row = {
            "name": f"{error.__module__}.{error.__qualname__}",
            "code": error.code,
            "status": error.status,
            "sentence": error.sentence,
            "has_own_code": "code" in vars(error),
            "is_abstract": inspect.isabstract(error),
        }
        sys.stdout.write(f"{json.dumps(row)}\n")


if __name__ == "__main__":
    main()
