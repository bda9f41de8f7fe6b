# SPDX-License-Identifier: Apache-2.0
"""A release: the same bytes from the same commit, a signature that anybody can check, and each part installed alone."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import release

from stillmine.wire.portal_list import list_of_folder

ROOT = Path(release.__file__).resolve().parents[1]
PARTS = {
    "": ("fingerprint", "--help"),
    "exchange": ("exchange", "migrate", "--home", "home"),
    "partner": ("partner", "serve", "--help"),
    "auditor": ("ledger", "audit", "--help"),
}
"""What each extra brings, and a command that needs it."""


@pytest.fixture
def key(tmp_path: Path) -> Path:
    release.new_key(tmp_path / "key")
    return tmp_path / "key"


@pytest.fixture
def signed(tmp_path: Path, key: Path) -> Path:
    """A folder with two files, signed as a release is."""
    folder = tmp_path / "release"
    folder.mkdir()
    (folder / "one.whl").write_bytes(b"one")
    (folder / "two.tar.gz").write_bytes(b"two")
    sign(folder, key)
    return folder


def sign(folder: Path, key: Path) -> None:
    sums = release.sums_of(sorted(folder.iterdir()))
    (folder / release.SUMS).write_text(sums)
    (folder / release.SIGNATURE).write_bytes(release.private_key(key).sign(sums.encode()))


def test_a_release_that_is_whole_passes_here_and_with_openssl(signed: Path, tmp_path: Path) -> None:
    assert release.verify(signed, tmp_path / "key.pub") == 2
    names = ["-inkey", str(tmp_path / "key.pub"), "-in", release.SUMS, "-sigfile", release.SIGNATURE]
    subprocess.run(["openssl", "pkeyutl", "-verify", "-pubin", "-rawin", *names], cwd=signed, check=True, capture_output=True)
    subprocess.run(["sha256sum", "--check", "--strict", release.SUMS], cwd=signed, check=True, capture_output=True)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda folder: (folder / "one.whl").write_bytes(b"onE"), "changed since it was signed: one.whl"),
        (lambda folder: (folder / "two.tar.gz").unlink(), "missing: two.tar.gz"),
        (lambda folder: (folder / "three.whl").write_bytes(b""), "not part of this release: three.whl"),
        (lambda folder: (folder / release.SUMS).write_text(""), "was not signed with the key"),
        (lambda folder: (folder / release.SIGNATURE).unlink(), "a release has"),
    ],
)
def test_what_is_changed_missing_or_added_is_named(signed: Path, tmp_path: Path, change: object, said: str) -> None:
    assert callable(change)
    change(signed)
    with pytest.raises(release.ReleaseError, match=said):
        release.verify(signed, tmp_path / "key.pub")


def test_another_s_key_is_refused(signed: Path, tmp_path: Path) -> None:
    other = release.new_key(tmp_path / "other")
    with pytest.raises(release.ReleaseError, match="not signed with the key"):
        release.verify(signed, other)


def test_a_key_is_for_its_user_alone_and_never_replaced(key: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert key.stat().st_mode & 0o777 == 0o600
    before = key.read_bytes()
    assert release.main(["new-key", str(key)]) == 1
    assert "is there already" in capsys.readouterr().err
    assert key.read_bytes() == before
    assert release.main(["build", "--key", str(key.with_name("none")), "--out", str(key.with_name("out"))]) == 1
    assert "new-key" in capsys.readouterr().err


def test_a_tree_that_is_not_clean_makes_no_release(tmp_path: Path, key: Path) -> None:
    repository = tmp_path / "repository"
    subprocess.run(["git", "init", "--quiet", str(repository)], check=True)
    (repository / "new").write_text("")
    with pytest.raises(release.ReleaseError, match="not clean"):
        release.build(key, tmp_path / "out", repository)
    assert not (tmp_path / "out").exists()


def test_the_changes_of_a_version_alone() -> None:
    text = "# Changes\n\n## 0.2.0 (2027-01-01)\n\n- new\n\n## 0.1.0\n\n- old\n"
    assert release.changes_of(text, "0.1.0") == "# Stillmine 0.1.0\n\n- old\n"
    with pytest.raises(release.ReleaseError, match="no heading"):
        release.changes_of(text, "0.3.0")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release of the commit that is checked out, in a copy of the repository, so that what lies about here does not matter."""
    folder = tmp_path_factory.mktemp("release")
    copy = folder / "repository"
    subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", str(ROOT), str(copy)], check=True)
    for name in (".venv", "portal/node_modules"):
        (copy / name).symlink_to(ROOT / name)
    exclude = copy / ".git/info/exclude"
    exclude.write_text("/.venv\n/portal/node_modules\n")
    release.new_key(folder / "key")
    release.build(folder / "key", folder / "out", copy)
    return folder


@pytest.mark.long
def test_two_builds_of_a_commit_are_the_same_bytes(built: Path) -> None:
    release.build(built / "key", built / "again", built / "repository")
    first, second = ({path.name: path.read_bytes() for path in (built / name).iterdir()} for name in ("out", "again"))
    assert first.keys() == second.keys()
    assert [name for name in first if first[name] != second[name]] == []
    assert release.verify(built / "out", built / "key.pub") == len(first) - 3
    assert {path.suffix for path in (built / "out").iterdir()} >= {".whl", ".gz", ".lock", ".sh", ".txt", ".md", ".sig", ".pub"}


@pytest.mark.long
@pytest.mark.parametrize("extra", PARTS)
def test_each_part_installs_alone_without_compiler_and_node(built: Path, tmp_path: Path, extra: str) -> None:
    [wheel] = (built / "out").glob("*.whl")
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path / "venv")], check=True)
    named = f"{wheel}[{extra}]" if extra else str(wheel)
    pip = [str(tmp_path / "venv/bin/pip"), "install", "--quiet", "--only-binary", ":all:", named]
    subprocess.run(pip, check=True, timeout=600)
    kept = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "LANG": os.environ.get("LANG", "C.UTF-8")}

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        command = [str(tmp_path / "venv/bin/stillmine"), *words]
        return subprocess.run(command, cwd=tmp_path, env=kept, capture_output=True, text=True, check=False)

    commit = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()
    assert run("--version").stdout == f"stillmine {release.version_of(ROOT)} (commit {commit})\n"
    done = run(*PARTS[extra])
    assert done.returncode == 0, done.stderr
    for other in PARTS.keys() - {"", extra, "auditor" if extra == "partner" else ""}:  # a partner has all that an auditor needs
        missing = run(*PARTS[other])
        assert missing.returncode == 2, missing.stderr
        assert f"with [{other}] behind it" in missing.stderr
    [portal] = (tmp_path / "venv/lib").glob("python*/site-packages/stillmine/portal")
    assert list_of_folder(portal) == (built / "out/portal-files.txt").read_bytes()
