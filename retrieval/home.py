"""Where Bakehouse keeps its state."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
"""The folder that holds the rooms."""


def on_space() -> bool:
    """Whether the program runs as a HuggingFace Space (Spaces set ``SPACE_ID`` and ``SYSTEM``)."""
    return os.environ.get("SYSTEM") == "spaces" or "SPACE_ID" in os.environ


def home() -> Path:
    """The workspace: ``BAKEHOUSE_HOME``, or a Space's ``/data``, or ``workspace/`` beside the rooms."""
    named = os.environ.get("BAKEHOUSE_HOME")
    if named:
        return Path(named).expanduser().resolve()
    persistent = Path("/data")
    if on_space() and persistent.is_dir() and os.access(persistent, os.W_OK):
        return persistent
    return ROOT / "workspace"
