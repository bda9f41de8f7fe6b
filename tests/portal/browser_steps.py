# SPDX-License-Identifier: Apache-2.0
"""How a person works the portal in any browser: steps that Chromium, Firefox and WebKit take alike, each by its own protocol."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page
from playwright.sync_api import Error as ChromiumError

from tests.other_browsers import RefusedError, Window, until
from tests.portal.folder_steps import Reader

STEP_SECONDS = 60
"""For one step on a busy machine."""
BUTTONS = "button, summary, a"


class ChromiumWindow:
    """Chromium's window, driven as in all other tests."""

    def __init__(self, page: Page) -> None:
        self._page = page

    def open(self, address: str) -> None:
        self._page.goto(address)

    def back(self) -> None:
        self._page.go_back()

    def ask(self, script: str) -> Any:
        with _refusals():
            return self._page.evaluate(f"() => {{ {script} }}")

    def press(self, element: str) -> None:
        with _refusals():
            self._found(element).click()

    def write(self, element: str, text: str) -> None:
        with _refusals():
            field = self._found(element)
            if field.get_attribute("type") == "file":
                field.set_input_files(text.split("\n"))
            else:
                field.type(text)

    def _found(self, element: str) -> Any:
        found = self._page.evaluate_handle(f"() => {element}").as_element()
        if found is None:
            raise RefusedError(f"no such element: {element}")
        return found


@contextmanager
def _refusals() -> Iterator[None]:
    """What Chromium refuses, above all while the page is leaving, is refused as by the others."""
    try:
        yield
    except ChromiumError as error:
        raise RefusedError(str(error)) from error


@contextmanager
def chromium_window(browser: Browser) -> Iterator[Window]:
    context = browser.new_context()
    yield ChromiumWindow(context.new_page())
    context.close()


class Person:
    """Somebody who reads one language and works one browser's window; each step waits until it can be taken."""

    def __init__(self, window: Window, language: str = "en") -> None:
        self.window = window
        self.words = Reader(language).words

    def goes_to(self, address: str) -> None:
        self.window.open(address)

    def presses(self, selector: str) -> None:
        self._does(self.window.press, _visible(selector), selector)

    def presses_button(self, key: str) -> None:
        name = json.dumps(self.words[key])
        element = _visible(BUTTONS, f"one.textContent.trim().replace(/\\s+/g, ' ') === {name}")
        self._does(self.window.press, element, self.words[key])

    def writes(self, selector: str, text: str) -> None:
        self._does(lambda element: self.window.write(element, text), _visible(selector), selector)

    def labels(self, key: str, text: str) -> None:
        """Write into the field of a label."""
        self._does(lambda element: self.window.write(element, text), f"{self._label(key)}?.control", self.words[key])

    def marks(self, key: str) -> None:
        """Mark one of a few choices by its label."""
        self._does(self.window.press, f"{self._label(key)}?.control", self.words[key])

    def fills(self, fields: Mapping[str, str]) -> None:
        """Fill fields by their names: texts, choices by their place, and statements (`yes` ticks); those that the form has."""
        for name, value in fields.items():
            field = f"[data-field={name}]"
            if self.count(field) == 0:
                continue
            if self.count(f"{field} input[type=radio]"):
                self.presses(f"{field} label:nth-of-type({value}) input")
            elif self.count(f"{field}[type=checkbox]"):
                self.presses(f"label:has({field})")
            else:
                self.writes(field, value)

    def _label(self, key: str) -> str:
        return _visible("label", f"one.textContent.trim() === {json.dumps(self.words[key])}")

    def chooses_files(self, selector: str, *files: Path) -> None:
        """A field for files may be out of sight, behind a button."""
        element = f"document.querySelector({json.dumps(selector)})"
        self._does(lambda one: self.window.write(one, "\n".join(map(str, files))), element, selector)

    def sees(self, selector: str, text: str = "") -> str:
        """Wait for what shows a text, and return all of it."""
        element = _visible(selector, f"one.textContent.includes({json.dumps(text)})")
        found = f"return [{element}].filter(Boolean).map((one) => one.textContent)"
        [shown] = until(lambda: self.window.ask(found), f"{selector}: {text}", STEP_SECONDS)
        return str(shown)

    def count(self, selector: str) -> int:
        return int(self.window.ask(f"return document.querySelectorAll({json.dumps(selector)}).length"))

    def _does(self, act: Any, element: str, what: str) -> None:
        def done() -> bool:
            act(element)
            return True

        until(done, what, STEP_SECONDS)


def _visible(selector: str, condition: str = "true") -> str:
    """An expression for the first element of a selector that can be seen and meets a condition."""
    return f"[...document.querySelectorAll({json.dumps(selector)})].find((one) => one.checkVisibility() && {condition})"
