"""The Space card is one the Hub accepts, and says the same as the pins."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from huggingface_hub import SpaceCard

ROOT = Path(__file__).resolve().parents[2]
COLOURS = {"red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray"}


@pytest.fixture(scope="module")
def card() -> SpaceCard:
    """The card, as the Hub's own library reads it."""
    return SpaceCard.load(ROOT / "spaces" / "README.md")


def test_the_card_runs_the_app_that_is_pinned(card: SpaceCard) -> None:
    pinned = re.search(r"^gradio==(\S+)$", (ROOT / "requirements.txt").read_text(encoding="utf-8"), re.M)
    assert pinned is not None
    assert card.data.sdk == "gradio"
    assert card.data.sdk_version == pinned[1]
    assert card.data.python_version == "3.12"
    assert card.data.app_file == "app.py" and (ROOT / "app.py").is_file()


def test_the_card_keeps_the_hubs_limits(card: SpaceCard) -> None:
    data = card.data.to_dict()
    assert data["title"] == "Bakehouse"
    assert len(data["short_description"]) <= 60
    assert {data["colorFrom"], data["colorTo"]} <= COLOURS
    assert data["emoji"] == "🥖"
    assert data["license"] == "mit"


def test_the_card_leaves_hardware_to_the_owner(card: SpaceCard) -> None:
    assert not {"hardware", "suggested_hardware"} & card.data.to_dict().keys()


def test_admins_can_sign_in(card: SpaceCard) -> None:
    assert card.data.to_dict()["hf_oauth"] is True


def test_the_text_names_settings_and_storage(card: SpaceCard) -> None:
    for word in ("HF_TOKEN", "WANDB_API_KEY", "BAKEHOUSE_ADMINS", "/data"):
        assert word in card.text
