"""The deploy command, in a small project of its own and against a Hub on this machine."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_hub import COMMIT, Hub, running

ROOT = Path(__file__).resolve().parents[2]
NEEDED = ["spaces/deploy.py", "retrieval/__init__.py", "retrieval/cli.py", "retrieval/errors.py"]
EXPECTED = [
    "LICENSE",
    "README.md",
    "app.py",
    "eval/__init__.py",
    "requirements.txt",
    "retrieval/__init__.py",
    "retrieval/cli.py",
    "retrieval/errors.py",
    "retrieval/handbook/corpus.jsonl",
    "retrieval/page/theme.css",
    "training/__init__.py",
]
NOT_FOR_THE_SPACE = [
    ".env",
    "Makefile",
    "README.md",
    "docs/picture.md",
    "tests/test_app.py",
    "workspace/runs/1/log.txt",
    "retrieval/__pycache__/cli.pyc",
    "retrieval/handbook/draft.docx",
    "spaces/notes.md",
]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project of a few files, not under git."""
    root = tmp_path / "project"
    for name in [*NEEDED, "LICENSE", "spaces/README.md"]:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, root / name)
    others = ["app.py", "requirements.txt", "eval/__init__.py", "training/__init__.py", *NOT_FOR_THE_SPACE]
    for name in [*others, "retrieval/handbook/corpus.jsonl", "retrieval/page/theme.css"]:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(f"# {name}\n", encoding="utf-8")
    return root


@pytest.fixture
def hub() -> Iterator[Hub]:
    """A Hub on this machine."""
    with running() as started:
        yield started


def git(folder: Path, *arguments: str) -> None:
    """Run git in a folder."""
    subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True)


def deploy(project: Path, *arguments: str, hub: Hub | None = None, **environment: str) -> subprocess.CompletedProcess:
    """Run the command; without a Hub, in a world that has none."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    own["HF_HOME"] = str(project.parent / "hf")
    if hub is not None:
        own |= {"HF_ENDPOINT": hub.url, "HF_TOKEN": "hf_test"}
    return subprocess.run(
        [sys.executable, "spaces/deploy.py", *arguments],
        cwd=project,
        env={**own, **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_dry_run_lists_exactly_the_needed_files(project: Path) -> None:
    answer = deploy(project, "ada/bakehouse", "--dry-run", "--json")
    assert answer.returncode == 0, answer.stderr
    report = json.loads(answer.stdout)
    assert [each["path"] for each in report["files"]] == EXPECTED
    sizes = {each["path"]: each["bytes"] for each in report["files"]}
    assert sizes["app.py"] == len("# app.py\n")
    assert sizes["README.md"] == (ROOT / "spaces" / "README.md").stat().st_size
    assert report["bytes"] == sum(sizes.values())
    assert report["dry_run"] is True and "url" not in report


def test_dry_run_for_a_person_ends_with_the_total(project: Path) -> None:
    lines = deploy(project, "ada/bakehouse", "--dry-run").stdout.splitlines()
    assert lines[2].split() == ["9", "app.py"]
    assert lines[-1].endswith(f"bytes in {len(EXPECTED)} files; nothing was uploaded")


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_in_a_checkout_only_tracked_files_go(project: Path) -> None:
    git(project, "init", "--quiet")
    git(project, "add", "--", ".", ":!retrieval/page", ":!.env")
    (project / "retrieval" / "notes.txt").write_text("private")
    (project / "eval" / "__init__.py").unlink()
    answer = deploy(project, "ada/bakehouse", "--dry-run", "--json")
    listed = [each["path"] for each in json.loads(answer.stdout)["files"]]
    assert "retrieval/__pycache__/cli.pyc" in listed, "git decides, and here it was told to track this"
    assert not {"retrieval/notes.txt", "retrieval/page/theme.css", "eval/__init__.py", ".env"} & set(listed)
    assert "2 files are not tracked by git and so left out: retrieval/notes.txt, retrieval/page/theme.css" in (
        answer.stderr
    )


def test_creates_the_space_and_uploads_in_one_commit(project: Path, hub: Hub) -> None:
    answer = deploy(project, "ada/bakehouse", "--private", "--hardware", "cpu-basic", "--json", hub=hub)
    assert answer.returncode == 0, answer.stderr
    assert hub.created == [
        {
            "name": "bakehouse",
            "organization": "ada",
            "type": "space",
            "sdk": "gradio",
            "visibility": "private",
            "hardware": "cpu-basic",
        }
    ]
    assert len(hub.commits) == 1 and hub.hardware == []
    files = hub.spaces["ada/bakehouse"]
    assert sorted(files) == sorted([*EXPECTED, ".gitattributes"])
    assert files["README.md"] == (ROOT / "spaces" / "README.md").read_bytes()
    assert files["app.py"] == b"# app.py\n"
    assert hub.tokens == {"Bearer hf_test"}
    report = json.loads(answer.stdout)
    assert report["commit"] == COMMIT
    assert report["url"] == f"{hub.url}/spaces/ada/bakehouse"


def test_update_takes_away_what_is_gone_here(project: Path, hub: Hub) -> None:
    hub.spaces["ada/bakehouse"] = {".gitattributes": b"", "old.py": b"old", "app.py": b"old"}
    answer = deploy(project, "ada/bakehouse", "--hardware", "t4-small", hub=hub)
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.startswith(f"{len(EXPECTED)} files are on ")
    assert sorted(hub.spaces["ada/bakehouse"]) == sorted([*EXPECTED, ".gitattributes"])
    assert hub.spaces["ada/bakehouse"]["app.py"] == b"# app.py\n"
    assert "hardware" not in hub.created[0] and "visibility" not in hub.created[0]
    assert hub.hardware == [{"flavor": "t4-small"}]


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (401, "the Hub does not accept the token"),
        (402, "the Hub asks ada to pay for this hardware"),
        (403, "the token may not write to ada/bakehouse"),
        (418, "the Hub refused with status 418"),
    ],
)
def test_a_refusal_is_a_sentence(project: Path, hub: Hub, status: int, sentence: str) -> None:
    hub.refuse = status
    answer = deploy(project, "ada/bakehouse", "--json", hub=hub)
    assert answer.returncode == 2
    assert json.loads(answer.stdout)["error"].startswith(sentence)
    assert "Traceback" not in answer.stderr
    assert hub.commits == []


def test_a_card_the_hub_refuses_is_named(project: Path, hub: Hub) -> None:
    hub.card_error = '"colorFrom" must be a colour'
    answer = deploy(project, "ada/bakehouse", hub=hub)
    assert answer.returncode == 2
    assert "error: the Hub does not accept spaces/README.md" in answer.stderr
    assert '"colorFrom" must be a colour' in answer.stderr
    assert hub.commits == []


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({}, "no HuggingFace token was found"),
        ({"HF_TOKEN": "hf_test", "HF_ENDPOINT": "http://127.0.0.1:9"}, "the HuggingFace Hub cannot be reached"),
        ({"HF_TOKEN": "hf_test", "HF_HUB_OFFLINE": "1"}, "HF_HUB_OFFLINE is set"),
    ],
)
def test_without_token_or_hub_it_says_what_to_do(project: Path, environment: dict[str, str], sentence: str) -> None:
    answer = deploy(project, "ada/bakehouse", **environment)
    assert answer.returncode == 2
    assert answer.stderr.splitlines()[-1].startswith(f"error: {sentence}")
    assert "Traceback" not in answer.stderr


@pytest.mark.parametrize("name", ["bakehouse", "ada/bake/house", "ada/", "https://example.org/ada"])
def test_a_wrong_name_is_refused_before_anything_else(project: Path, name: str) -> None:
    answer = deploy(project, name, "--dry-run")
    assert answer.returncode == 2
    assert f"error: found '{name}', wanted OWNER/NAME" in answer.stderr


def test_a_name_the_hub_cannot_have_is_named(project: Path, hub: Hub) -> None:
    answer = deploy(project, "ada/bake--house", hub=hub)
    assert answer.returncode == 2
    assert "error: 'ada/bake--house' cannot be the name of a Space" in answer.stderr


def test_a_missing_file_is_named(project: Path) -> None:
    (project / "LICENSE").unlink()
    answer = deploy(project, "ada/bakehouse", "--dry-run")
    assert answer.returncode == 2
    assert "error: the Space needs LICENSE, but it is not there" in answer.stderr
