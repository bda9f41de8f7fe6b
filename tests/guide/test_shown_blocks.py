# SPDX-License-Identifier: Apache-2.0
"""A guide that is wrong fails: a command that fails, another word, another field, an answer to nothing, a block that nothing checks."""

import os
from pathlib import Path

import pytest

from tests.guide.shown_blocks import NOT_RUN, GuideError, run_guide

GUIDE = """
Do this:

```sh
OUTCOME=match; sleep 100 &
```

```sh
printf '{"outcome":"%s","match_id":"bc68b64b554dd24c61a26c559f2600f0","is_flagged":false,"matches":[1]}' "$OUTCOME"
echo "listening on 8080" >&2
```

```json
{"outcome": "match", "match_id": "00000000000000000000000000000000", "is_flagged": false,
 "matches": [7]}
```

```sh
echo "2 files until 3 May 2031, $OUTCOME"; test "$PORT" = 8080
```

```text
5 files until 17 June 2029, match
```

```python
print("from python")
```

```text
from python
```
"""


def run(guide: str, folder: Path) -> list[str]:
    return run_guide(guide, folder, {'PORT" = 8080': 'PORT" = 1234'}, {"PORT": "1234"})


def test_a_guide_that_is_right_passes_and_leaves_nothing_running(tmp_path: Path) -> None:
    guide = GUIDE.replace("sleep 100 &", "sleep 100 & echo $!")
    printed = run(guide, tmp_path)
    assert printed[3] == "from python\n"
    with pytest.raises(ProcessLookupError):
        os.kill(int(printed[0]), 0)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("OUTCOME=match", "OUTCOME=no_match"),
        ("OUTCOME=match", "OUTCOMES=match"),
        ("OUTCOME=match", "false; OUTCOME=match"),
        ("OUTCOME=match", "false | true; OUTCOME=match"),
        ('test "$PORT" = 8080', 'test "$PORT" = 8081'),
        ('"is_flagged": false,', ""),
        ('"is_flagged": false,', '"is_flagged": true,'),
        ('"is_flagged": false,', '"is_flagged": null,'),
        ('"is_flagged": false,', '"is_flagged": false, "left_out": [],'),
        ('"match_id": "00000000000000000000000000000000"', '"match_id": "exact"'),
        ('"matches": [7]', '"matches": []'),
        ("17 June 2029, match", "17 June 2029, no match"),
        ("5 files", "5 pictures"),
        ('print("from python")', 'print("from Python")'),
        ('print("from python")', "raise SystemExit(1)"),
        ("```sh\necho", "```\necho"),
        ('```sh\necho "2', f'```sh\n{NOT_RUN}: why\n```\n\nand\n\n```text\nno command\n```\n\n```json\n{{}}\n```\n\n```sh\necho "2'),
    ],
)
def test_a_guide_that_is_wrong_fails(right: str, wrong: str, tmp_path: Path) -> None:
    assert right in GUIDE
    with pytest.raises(GuideError):
        run(GUIDE.replace(right, wrong, 1), tmp_path)


def test_a_block_that_says_so_is_not_run(tmp_path: Path) -> None:
    guide = GUIDE + f"\n```sh\n{NOT_RUN}: it needs a network\nfalse\n```\n\n```text\nwhatever\n```\n"
    assert len(run(guide, tmp_path)) == 4
