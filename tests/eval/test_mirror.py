"""Checkpoints on a Hub, here one on this machine, are brought and judged; what is there already is not asked for again."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Hub:
    """One repository, ``baker/loaf``: a folder a branch. A branch's commit is its name, spelled as a hash."""

    address: str
    branches: dict[str, Path] = field(default_factory=dict)
    sent: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def at(self, commit: str) -> Path:
        return next(folder for name, folder in self.branches.items() if commit in (name, commit_of(name)))


def commit_of(branch: str) -> str:
    return hashlib.sha1(branch.encode(), usedforsecurity=False).hexdigest()


@pytest.fixture
def hub() -> Iterator[Hub]:
    """Answers what listing branches and files, and downloading, ask of the Hub."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            known.asked.append(self.path)
            path = self.path.partition("?")[0].split("/")
            if path[1:5] == ["api", "models", "baker", "loaf"]:
                self._tell(path[5:])
            elif path[1:4] == ["baker", "loaf", "resolve"]:
                self._file(known.at(path[4]), "/".join(path[5:]), path[4])
            else:
                self.send_response(404)
                self.send_header("X-Error-Code", "RepoNotFound")
                self.send_header("Content-Length", "0")
                self.end_headers()

        do_HEAD = do_GET

        def _tell(self, asked: list[str]) -> None:
            if asked == ["refs"]:
                branches = [
                    {"name": name, "ref": f"refs/heads/{name}", "targetCommit": commit_of(name)}
                    for name in known.branches
                ]
                return self._send(json.dumps({"branches": branches, "tags": [], "converts": []}).encode())
            commit = asked[1]
            folder = known.at(commit)
            files = [str(path.relative_to(folder)) for path in sorted(folder.rglob("*")) if path.is_file()]
            if asked[0] == "tree":
                tree = [
                    {"type": "file", "path": name, "size": (folder / name).stat().st_size, "oid": commit}
                    for name in files
                ]
                return self._send(json.dumps(tree).encode())
            siblings = [{"rfilename": name} for name in files]
            return self._send(json.dumps({"id": "baker/loaf", "sha": commit, "siblings": siblings}).encode())

        def _file(self, folder: Path, name: str, commit: str) -> None:
            data = (folder / name).read_bytes()
            if self.command == "GET":
                known.sent.append(name)
            self._send(data, ETag=f'"{hashlib.sha256(data).hexdigest()}"', **{"X-Repo-Commit": commit})

        def _send(self, data: bytes, **headers: str) -> None:
            self.send_response(200)
            for name, value in {"Content-Length": str(len(data)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    known = Hub(f"http://127.0.0.1:{server.server_address[1]}")
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield known
    server.shutdown()


def watched(hub: Hub, home: Path, corpus: Path, repo: str = "baker/loaf") -> subprocess.CompletedProcess[str]:
    """In a process of its own: the Hub's address is read once, on import."""
    named = {**os.environ, "BAKEHOUSE_HOME": str(home), "HF_HUB_DISABLE_XET": "1", "HF_HOME": str(home / "hf")}
    named |= {"HF_ENDPOINT": hub.address, "HF_HUB_OFFLINE": "0"}
    command = [sys.executable, "-m", "eval", "watch", f"hub:{repo}", "--corpus", str(corpus), "--once"]
    return subprocess.run(command, cwd=ROOT, env=named, capture_output=True, text=True, check=False)


def other(model: Path, folder: Path, prompt: str) -> Path:
    """The same model with another prompt, and so another model."""
    shutil.copytree(model, folder)
    config = folder / "config_sentence_transformers.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | {"prompts": {"query": prompt}}))
    (folder / "optimizer.pt").write_bytes(b"not needed for judging")
    return folder


def test_branches_and_folders_are_judged_once(
    hub: Hub, home: Path, tiny_bert: Path, tiny_corpus: Path, tmp_path: Path
) -> None:
    hub.branches["step-20"] = other(tiny_bert, tmp_path / "step-20", "? ")
    hub.branches["main"] = tmp_path / "main"
    other(tiny_bert, tmp_path / "main" / "checkpoint-4", "! ")
    done = watched(hub, home, tiny_corpus)
    assert done.returncode == 0, done.stderr
    results = [json.loads(path.read_text()) for path in home.glob("scores/*.json")]
    assert sorted((one["step"], one["system"]["mode"]) for one in results) == [
        (step, mode) for step in (4, 20) for mode in ("dense", "hybrid")
    ]
    assert {one["system"]["label"] for one in results} == {"baker/loaf · step 4", "baker/loaf · step 20"}
    assert "optimizer.pt" not in " ".join(hub.sent)
    hub.sent.clear()
    hub.asked.clear()
    assert watched(hub, home, tiny_corpus).returncode == 0
    assert hub.sent == [], "nothing is new"
    about = [path for path in hub.asked if commit_of("step-20") in path or "/resolve/" in path]
    assert about == [], "what is here is not even asked about"
    assert len(list(home.glob("scores/*.queries.jsonl"))) == 4


def test_a_repository_that_is_not_there_is_a_sentence(hub: Hub, home: Path, tiny_corpus: Path) -> None:
    done = watched(hub, home, tiny_corpus, "baker/stone")
    assert done.returncode == 2
    assert "hub:baker/stone cannot be watched (RepositoryNotFoundError" in done.stderr
    assert "HF_TOKEN" in done.stderr
    assert "Traceback" not in done.stderr
