"""Checkpoints reach a Hub, here one on this machine; a Hub that cannot be reached ends no run."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from retrieval.errors import BakehouseError
from training.settings import load_recipe

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = """
import sys
from pathlib import Path
from training import runs
from training.keeping.checkpoints import best, commit, keep_as_best, record
from training.journal import Journal
from training.keeping.push import Push
from training.settings import load_recipe

recipe = load_recipe({"corpus": "anywhere", "checkpoints": {"push": "baker/loaf"}})
run = runs.create(recipe, "tiny")
with Journal(run) as journal:
    for step in (2, 4):
        written = run.path / "written"
        written.mkdir()
        for name in ("model.safetensors", "config.json", "optimizer.pt", "training_args.bin", "trainer_state.json"):
            (written / name).write_text(f"{name} of {step}")
        made = commit(written, run.path, step, "key", "a card")
        if step == 2:
            keep_as_best(made, made.folder, run.path)
        Push(recipe.checkpoints.push, journal).checkpoint(made, best(run.path))
print("\\n".join(event["message"] for event in run.events()))
"""


@dataclass
class Hub:
    """What a Hub was asked for: repositories, branches, and branch → path → content."""

    address: str
    repositories: list[dict[str, object]] = field(default_factory=list)
    branches: list[str] = field(default_factory=list)
    files: dict[str, dict[str, str]] = field(default_factory=dict)


@pytest.fixture
def hub() -> Iterator[Hub]:
    """Answers what creating a repository, branching and committing ask of the Hub."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            assert self.headers["Authorization"] == "Bearer hf_of_the_test"
            self._answer(self.path.partition("?")[0].split("/")[2:], body)

        def _answer(self, path: list[str], body: bytes) -> None:
            if len(path) < 2:
                self._send({"errors": [], "warnings": []})
            elif path == ["repos", "create"]:
                known.repositories.append(json.loads(body))
                self._send({"url": f"{known.address}/baker/loaf"})
            elif path[-2] == "branch":
                known.branches.append(path[-1])
                self._send({})
            elif path[-2] == "preupload":
                asked = json.loads(body)["files"]
                self._send(
                    {"files": [{"path": f["path"], "uploadMode": "regular", "shouldIgnore": False} for f in asked]}
                )
            elif path[-2] == "commit":
                known.files.setdefault(path[-1], {}).update(_committed(body))
                self._send({"commitOid": "0" * 40, "commitUrl": f"{known.address}/baker/loaf/commit/{'0' * 40}"})
            else:
                self._send({})

        def do_GET(self) -> None:
            self._send({"id": "baker/loaf", "siblings": []})

        def _send(self, answer: object) -> None:
            data = json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    known = Hub(f"http://127.0.0.1:{server.server_address[1]}")
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield known
    server.shutdown()


def _committed(body: bytes) -> dict[str, str]:
    lines = [json.loads(line) for line in body.splitlines()]
    return {
        line["value"]["path"]: base64.b64decode(line["value"]["content"]).decode()
        for line in lines
        if line["key"] == "file"
    }


def _pushed(home: Path, **environment: str) -> list[str]:
    """Push two checkpoints in a process of its own: the Hub's address is read once, on import."""
    named = {**os.environ, "BAKEHOUSE_HOME": str(home), "HF_HUB_DISABLE_XET": "1", "HF_HOME": str(home / "hf")}
    named.pop("HF_HUB_OFFLINE", None)
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=ROOT, env=named | environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_each_checkpoint_becomes_a_branch_and_the_best_main(hub: Hub, home: Path) -> None:
    told = _pushed(home, HF_ENDPOINT=hub.address, HF_TOKEN="hf_of_the_test")
    assert told == ["step 2 is pushed to baker/loaf", "step 4 is pushed to baker/loaf"]
    assert {repository["visibility"] for repository in hub.repositories} == {"private"}
    assert set(hub.branches) == {"step-2", "step-4"}
    assert set(hub.files) == {"step-2", "step-4", "main"}
    assert set(hub.files["step-4"]) == {"README.md", "model.safetensors", "config.json"}
    assert hub.files["main"]["model.safetensors"] == "model.safetensors of 2"


def test_a_hub_that_refuses_is_told_and_ends_nothing(home: Path) -> None:
    told = _pushed(home, HF_HUB_OFFLINE="1", HF_TOKEN="")
    assert len(told) == 2
    assert told[0].startswith("step 2 could not be pushed to baker/loaf: OfflineModeIsEnabled: ")
    assert told[0].endswith("HF_TOKEN is not set.")


@pytest.mark.parametrize("name", ["loaf of bread", "a/b/c", "loaf", "/tmp/loaf"])
def test_a_name_that_no_repository_can_have_is_refused(name: str) -> None:
    with pytest.raises(BakehouseError, match=r"checkpoints\.push"):
        load_recipe({"corpus": "anywhere", "checkpoints": {"push": name}})
