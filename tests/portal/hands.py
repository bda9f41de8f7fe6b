# SPDX-License-Identifier: Apache-2.0
"""How a person works a page: by touches on what is large enough to be touched, or by the keyboard alone."""

from playwright.sync_api import Locator

TOUCH_PIXELS = 48
"""The smallest height of a control (portal-brief, "Look")."""
MOST_TABS = 150
"""More than any page has controls in its `main`."""


class Hands:
    """A browser's own pointer and forms: quick, where a test is about something else."""

    def press(self, control: Locator) -> None:
        control.click()

    def write(self, field: Locator, text: str) -> None:
        field.fill(text)

    def choose(self, select: Locator, value: str) -> None:
        select.select_option(value)

    def tick(self, box: Locator, *, is_on: bool) -> None:
        box.set_checked(is_on)

    def mark(self, choice: Locator) -> None:
        """Mark one of a few that can all be seen."""
        choice.check()


class Touch(Hands):
    """Touches; a control that is too small to be touched is an error. Needs a page with touch."""

    def press(self, control: Locator) -> None:
        _assert_touchable(control)
        control.tap()

    def write(self, field: Locator, text: str) -> None:
        self.press(field)
        field.fill(text)

    def choose(self, select: Locator, value: str) -> None:
        _assert_touchable(select)
        select.select_option(value)

    def tick(self, box: Locator, *, is_on: bool) -> None:
        if box.is_checked() != is_on:
            self.press(_label_of(box))

    def mark(self, choice: Locator) -> None:
        self.press(_label_of(choice))


class Keys(Hands):
    """The keyboard alone: every control is reached by Tab from wherever the person is, and nothing is ever clicked."""

    def press(self, control: Locator) -> None:
        reach(control)
        control.page.keyboard.press("Enter")

    def write(self, field: Locator, text: str) -> None:
        reach(field)
        keyboard = field.page.keyboard
        kind = field.get_attribute("type")
        if kind in ("date", "datetime-local"):
            day, _, time = text.partition("T")
            keyboard.type(_day_as_typed(day))
            if time:
                keyboard.press("Tab")
                keyboard.type(_time_as_typed(time))
            return
        keyboard.press("Control+A")
        keyboard.press("Delete")
        keyboard.insert_text(text)

    def choose(self, select: Locator, value: str) -> None:
        reach(select)
        for _ in range(select.locator("option").count()):
            if select.input_value() == value:
                return
            select.page.keyboard.press("ArrowDown")
        raise AssertionError(f"the keyboard does not choose {value}")

    def tick(self, box: Locator, *, is_on: bool) -> None:
        if box.is_checked() != is_on:
            reach(box)
            box.page.keyboard.press("Space")

    def mark(self, choice: Locator) -> None:
        # Tab stops once at such a group; arrows move within it.
        group = choice.page.locator(f"input[type=radio][name='{choice.get_attribute('name')}']")
        reach(group)
        keyboard = choice.page.keyboard
        for _ in range(group.count()):
            if _is_focused(choice):
                break
            keyboard.press("ArrowDown")
        if not choice.is_checked():
            keyboard.press("Space")


def reach(control: Locator) -> None:
    """Press Tab until one of these controls has the focus."""
    for _ in range(MOST_TABS):
        if _is_focused(control):
            return
        control.page.keyboard.press("Tab")
    raise AssertionError(f"the keyboard does not reach {control}")


def _is_focused(control: Locator) -> bool:
    return bool(control.evaluate_all("(all) => all.includes(document.activeElement)"))


def _day_as_typed(day: str) -> str:
    """An ISO day, as it is typed into a browser's field in American English."""
    year, month, date = day.split("-")
    return f"{month}{date}{year}"


def _time_as_typed(time: str) -> str:
    hour, minute = (int(part) for part in time.split(":"))
    return f"{hour % 12 or 12:02}{minute:02}{'PM' if hour >= 12 else 'AM'}"


def _label_of(box: Locator) -> Locator:
    return box.locator("xpath=ancestor::label[1]")


def _assert_touchable(control: Locator) -> None:
    control.wait_for()
    box = control.bounding_box()
    assert box is not None
    assert box["height"] >= TOUCH_PIXELS - 0.5, f"{control} is {box['height']} pixels high"


def hands(by: str) -> Hands:
    """Return hands by their name: `touch` or `keys`."""
    return {"touch": Touch, "keys": Keys}[by]()
