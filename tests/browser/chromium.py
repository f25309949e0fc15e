"""Find a Chromium or Chrome for the browser tests, or get one.

``make test`` runs this file first, so that a download does not count as part of a test.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

COMMANDS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
INSTALL_SECONDS = 900
REMEDY = (
    "No Chromium or Chrome for the browser tests. Install one (Debian: apt install chromium), "
    "or name one with CHROMIUM=/path/to/chrome, or leave these tests out with SKIP_BROWSER=1."
)


class NoBrowser(Exception):
    """There is no browser and none could be had; the message says what was tried and what to do."""


def skipped() -> bool:
    """Whether the browser tests are to be left out: ``SKIP_BROWSER=1``."""
    return os.environ.get("SKIP_BROWSER", "") not in ("", "0")


def find() -> Path | None:
    """An installed browser that starts: the one in ``CHROMIUM``, else a known command, else Playwright's own.

    :raises NoBrowser: if ``CHROMIUM`` names something that does not start.
    """
    named = os.environ.get("CHROMIUM")
    if named:
        path = shutil.which(named)
        if path is None or not _starts(Path(path)):
            raise NoBrowser(f"CHROMIUM={named} does not start. {REMEDY}")
        return Path(path)
    installed = (Path(path) for name in COMMANDS if (path := shutil.which(name)))
    return next(filter(_starts, installed), None) or _playwrights_own()


def ensure() -> Path:
    """:func:`find`, else install: Debian's package where this user may, else Playwright's download.

    :raises NoBrowser: if nothing helps.
    """
    found = find()
    if found is None and _may_apt():
        _run("apt-get", "update")
        _run("apt-get", "install", "--yes", "--no-install-recommends", "chromium")
        found = find()
    if found is None:
        _run(sys.executable, "-m", "playwright", "install", "chromium")
        found = find()
    if found is None:
        raise NoBrowser(REMEDY)
    return found


def _starts(path: Path) -> bool:
    """Ubuntu's ``chromium-browser`` may be a notice to install a snap, so a name alone proves nothing."""
    try:
        answer = subprocess.run([path, "--version"], capture_output=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return answer.returncode == 0


def _playwrights_own() -> Path | None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = Path(playwright.chromium.executable_path)
    return path if path.is_file() and _starts(path) else None


def _may_apt() -> bool:
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        return False
    release = Path("/etc/os-release")
    return release.is_file() and "ID=debian" in release.read_text(encoding="utf-8").splitlines()


def _run(*command: str) -> None:
    """Try one way; whether it helped is for :func:`find` to see."""
    print("Looking for a browser:", *command, file=sys.stderr)
    try:
        subprocess.run(
            command,
            stdout=sys.stderr,
            stdin=subprocess.DEVNULL,
            timeout=INSTALL_SECONDS,
            env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
            check=True,
        )
    except (OSError, subprocess.SubprocessError) as error:
        print(f"That did not work: {error}", file=sys.stderr)


def main() -> int:
    """Say which browser the tests will drive; status 1 where there is none."""
    if skipped():
        print("SKIP_BROWSER is set: the browser tests are left out.")
        return 0
    try:
        print(f"Browser tests drive {ensure()}.")
    except NoBrowser as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
