"""Which browser is driven: the named one, else the first that starts."""

from __future__ import annotations

from pathlib import Path

import pytest
from chromium import NoBrowser, find, main


@pytest.fixture
def commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PATH of this test's own, and nothing said in the environment."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.delenv("SKIP_BROWSER", raising=False)
    return tmp_path


def add(folder: Path, name: str, status: int) -> Path:
    """A command that ends with a status whatever it is asked."""
    path = folder / name
    path.write_text(f"#!/bin/sh\nexit {status}\n")
    path.chmod(0o755)
    return path


def test_a_browser_that_does_not_start_is_passed_over(commands: Path) -> None:
    add(commands, "chromium-browser", 1)
    chrome = add(commands, "google-chrome", 0)
    assert find() == chrome


def test_chromium_goes_before_chrome(commands: Path) -> None:
    add(commands, "google-chrome", 0)
    chromium = add(commands, "chromium", 0)
    assert find() == chromium


def test_the_named_browser_goes_before_all(commands: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    add(commands, "chromium", 0)
    own = add(commands, "my-browser", 0)
    monkeypatch.setenv("CHROMIUM", "my-browser")
    assert find() == own


def test_a_named_browser_that_does_not_start_is_not_replaced(
    commands: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    add(commands, "chromium", 0)
    monkeypatch.setenv("CHROMIUM", str(add(commands, "broken", 3)))
    with pytest.raises(NoBrowser, match="broken does not start"):
        find()
    assert main() == 1
    assert "SKIP_BROWSER=1" in capsys.readouterr().err


def test_browser_tests_can_be_left_out(
    commands: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SKIP_BROWSER", "1")
    assert main() == 0
    assert "left out" in capsys.readouterr().out
