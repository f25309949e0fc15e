"""The house stays as it was planned: arrows run one way, heavy things wait, files stay small."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from imports import Import, imports_in, imports_of

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("retrieval", "eval", "training")
ABOVE = {"retrieval": ("eval", "training", "app"), "eval": ("training", "app"), "training": ("app",)}
HEAVY = {"torch", "transformers", "sentence_transformers", "faiss", "lingua", "scipy", "pandas", "datasets", "wandb"}
LINES = 400
APP_LINES = 100

FILES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))


def is_tab(path: Path) -> bool:
    """Whether a file builds part of the page: ``tab.py``, ``tabs.py``, or anything in ``tabs/``."""
    inner = path.relative_to(ROOT).parts[1:]
    return bool(inner) and (inner[0] == "tabs" or inner in {("tab.py",), ("tabs.py",)})


def names_tab(found: Import, path: Path) -> bool:
    """Whether an import reaches a tab file of a room, from outside of that room's own ``tabs/``."""
    for room in ROOMS:
        own = path.is_relative_to(ROOT / room / "tabs")
        if found.within(f"{room}.tab") or (found.within(f"{room}.tabs") and not own):
            return True
    return False


def faults(path: Path, found: list[Import]) -> list[str]:
    """What a file of the rooms imports against the plan."""
    room = path.relative_to(ROOT).parts[0]
    wrong = [
        (each, reason)
        for each in found
        for broken, reason in (
            (each.top in ABOVE[room], f"{room} must not import {each.top}"),
            (each.top == "tests", "tests are for testing"),
            (each.top == "gradio" and not is_tab(path), "only app.py and tab files import gradio"),
            (names_tab(each, path), "only app.py imports tab files"),
            (each.top in HEAVY and each.at_start, "import it in the function that uses it"),
        )
        if broken
    ]
    return [f"{path.relative_to(ROOT)}:{each.line} imports {each.module}: {reason}" for each, reason in wrong]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_follow_the_plan(path: Path) -> None:
    assert faults(path, imports_in(path, ROOT)) == []


@pytest.mark.parametrize(
    ("place", "source", "reason"),
    [
        ("retrieval/dense.py", "from eval.measures import ndcg", "retrieval must not import eval"),
        ("retrieval/dense.py", "def f():\n    import training.fit", "retrieval must not import training"),
        ("eval/compare.py", "import training", "eval must not import training"),
        ("training/fit.py", "from app import compose", "training must not import app"),
        ("training/fit.py", "from tests.serving import serving", "tests are for testing"),
        ("training/fit.py", "def f():\n    import gradio as gr", "only app.py and tab files import gradio"),
        ("training/fit.py", "import importlib\nimportlib.import_module('gradio')", "only app.py and tab files"),
        ("eval/choose.py", "from eval.tabs import scores", "only app.py imports tab files"),
        ("training/tab.py", "from retrieval import tabs", "only app.py imports tab files"),
        ("retrieval/page/html.py", "from .. import tabs", "only app.py imports tab files"),
        ("retrieval/dense.py", "import faiss", "import it in the function"),
        ("retrieval/dense.py", "if True:\n    from torch.nn import Module", "import it in the function"),
        ("eval/measures.py", "class A:\n    import scipy.stats", "import it in the function"),
    ],
)
def test_the_walk_sees_what_is_against_the_plan(place: str, source: str, reason: str) -> None:
    path = ROOT / place
    found = faults(path, imports_of(source, ".".join(Path(place).parent.parts)))
    assert len(found) == 1 and reason in found[0]


@pytest.mark.parametrize(
    ("place", "source"),
    [
        ("retrieval/dense.py", "def search():\n    import faiss"),
        ("retrieval/encoder.py", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import torch"),
        ("retrieval/tabs/search.py", "import gradio as gr\nfrom retrieval.tabs import header"),
        ("training/tab.py", "import gradio as gr\nfrom eval.measures import ndcg"),
        ("retrieval/lexical.py", "from retrieval.tables import Table\nimport retrieval.tabulate"),
        ("training/fit.py", "import evaluate\nfrom trainings import x"),
    ],
)
def test_the_walk_lets_pass_what_is_planned(place: str, source: str) -> None:
    assert faults(ROOT / place, imports_of(source, ".".join(Path(place).parent.parts))) == []


def test_every_room_was_walked() -> None:
    assert {path.relative_to(ROOT).parts[0] for path in FILES} == set(ROOMS)
    assert len(FILES) > 20


def test_there_are_no_other_packages() -> None:
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert packages == set(ROOMS), "spaces/ and tests/ hold nothing that is imported by name"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_stay_small(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LINES, "split it: one noun or verb a file"


def test_app_only_composes() -> None:
    assert len((ROOT / "app.py").read_text(encoding="utf-8").splitlines()) < APP_LINES


def test_importing_the_app_loads_no_heavy_library() -> None:
    heavy = sorted(HEAVY - {"pandas"})  # gradio itself may load pandas
    code = f"import sys, app; print([name for name in {heavy} if name in sys.modules])"
    answer = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.strip() == "[]"
