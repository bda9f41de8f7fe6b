# SPDX-License-Identifier: Apache-2.0
"""What a screen reader reads of the ways to a case and to help, in its order: the tree of names and roles, not the look."""

from pathlib import Path

from playwright.sync_api import Page, expect

from tests.portal.portal_server import PortalServer
from tests.portal.portal_steps import to_files, to_key, to_send


def test_choosing_files(portal: PortalServer, page: Page) -> None:
    to_files(page, portal)
    expect(page.locator("main")).to_match_aria_snapshot(
        """
        - main:
          - paragraph: Step 4 of 6
          - heading "Choose the files" [level=1]
          - paragraph: Pictures, videos and sound. They stay on this device.
          - button "Choose files"
          - status
          - group: What can be recognised?
          - button "Back"
        """
    )


def test_a_chosen_file_and_the_key(portal: PortalServer, page: Page, picture_file: Path) -> None:
    to_key(page, portal, picture_file)
    expect(page.locator("main")).to_match_aria_snapshot(
        """
        - main:
          - paragraph: Step 5 of 6
          - heading "Your case key" [level=1]
          - paragraph: It is the only way into your case. We don’t have it and can’t give it back, so keep it before you go on.
          - paragraph
          - button "Copy"
          - button "Print"
          - status
          - button "Show as QR code"
          - button "I have kept my key"
          - button "Back"
        """
    )
    page.get_by_role("button", name="Back", exact=True).click()
    expect(page.locator("main")).to_match_aria_snapshot(
        """
        - main:
          - heading "Choose the files" [level=1]
          - button "Choose more files"
          - list "Files you chose":
            - listitem:
              - paragraph: Picture 1
              - paragraph: Ready. Copies of it can be recognised, usually even if they were saved again, resized or mirrored.
              - 'checkbox "Made or changed by a computer (a deepfake): Picture 1"'
              - 'button "Try it: would an altered copy be found?: Picture 1"'
              - 'button "Show it: Picture 1"'
              - 'button "Remove: Picture 1"'
          - button "Continue with 1 file"
          - button "Back"
        """
    )


def test_what_is_sent_and_the_case(portal: PortalServer, page: Page, picture_file: Path) -> None:
    to_send(page, portal, picture_file)
    expect(page.locator("main")).to_match_aria_snapshot(
        """
        - main:
          - paragraph: Step 6 of 6
          - heading "This is all that will leave your device" [level=1]
          - paragraph: "/Nothing has been sent so far. When you press the button, this is sent/"
          - list:
            - listitem: 1 code from 1 file.
            - listitem: /you are the one in the files, and 18 or over/
            - listitem: /stays open for 24 months/
            - listitem: /Two values made from your key/
          - paragraph:
            - strong: /Nothing else/
          - group: Show exactly what is sent
          - button "Send this and open my case"
          - button "Back"
        """
    )
    page.get_by_role("button", name="Send this and open my case").click()
    page.get_by_role("button", name="Show my case").click()
    expect(page.locator("main")).to_match_aria_snapshot(
        """
        - main:
          - heading "Your case is open" [level=1]
          - status: One service has been given fingerprints from it.
          - button "Keep it open for two years from today"
          - button "Look again"
          - list:
            - listitem:
              - heading "Picture 1" [level=2]
              - paragraph: /Added on/
              - list:
                - listitem:
                  - paragraph: /Given to Example Social/
                - listitem:
                  - paragraph: Example Forum does not have it yet.
              - paragraph: Nothing found so far. That can be good news. We keep looking.
              - group: /Its fingerprint, for a closer look/
              - button "Withdraw Picture 1"
          - button "Add files"
          - button "Withdraw the whole case"
          - button "Which of my files is this?"
          - button "See who was given your fingerprints"
          - button "Close this view"
          - group: Be reminded before your case ends
        """
    )


def test_finding_help(portal: PortalServer, page: Page) -> None:
    page.goto(f"{portal.address}/help/nz/")
    everything = page.get_by_role("main").get_by_role("article").count()
    assert everything > 1
    expect(page.locator("main")).to_match_aria_snapshot(
        f"""
        - main:
          - paragraph:
            - link "Choose another country"
          - 'heading "Help in: New Zealand" [level=1]'
          - navigation "What is on this page"
          - group "Show only":
            - paragraph:
              - checkbox "Open now"
            - paragraph:
              - checkbox "Free"
            - paragraph:
              - status: "Shown: {everything} of {everything}"
          - region "Emergency":
            - heading "Emergency" [level=2]
            - article:
              - heading [level=3]
              - list:
                - listitem:
                  - link "Call 111"
          - region "Police"
        """
    )
