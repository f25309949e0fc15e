"""The app starts as a Space starts it: only the deployed files, ``SYSTEM=spaces``, ``python app.py``."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from serving import Served, free_port, serving

ROOT = Path(__file__).resolve().parents[2]
SIGNED_IN = {
    "SPACE_ID": "ada/bakehouse",
    "SPACE_HOST": "ada-bakehouse.example.org",
    "OAUTH_CLIENT_ID": "client",
    "OAUTH_CLIENT_SECRET": "secret",
    "OAUTH_SCOPES": "openid profile",
    "OPENID_PROVIDER_URL": "https://hub.example.org",
}
BARE = dict.fromkeys(SIGNED_IN, None)


@pytest.fixture(scope="module")
def space_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the deploy command would upload, laid out as on the Space: a new file counts once git tracks it."""
    command = [sys.executable, "spaces/deploy.py", "ada/bakehouse", "--dry-run", "--json"]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert answer.returncode == 0, answer.stderr
    folder = tmp_path_factory.mktemp("space")
    for each in json.loads(answer.stdout)["files"]:
        source = ROOT / ("spaces/README.md" if each["path"] == "README.md" else each["path"])
        (folder / each["path"]).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, folder / each["path"])
    return folder


@pytest.fixture(params=[BARE, SIGNED_IN], ids=["without SPACE_ID", "with SPACE_ID and sign-in"])
def space(request: pytest.FixtureRequest, space_files: Path, tmp_path: Path) -> Iterator[Served]:
    """The running Space."""
    port = free_port()
    environment = {
        "SYSTEM": "spaces",
        "GRADIO_SERVER_NAME": "0.0.0.0",
        "GRADIO_SERVER_PORT": str(port),
        "BAKEHOUSE_HOME": str(tmp_path / "home"),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": None,
        **request.param,
    }
    with serving(
        [sys.executable, "app.py"], port, cwd=space_files, environment=environment, log=tmp_path / "log"
    ) as served:
        yield served


@pytest.mark.slow
def test_the_space_serves_the_page_to_everyone(space: Served, space_files: Path) -> None:
    with urllib.request.urlopen(space.url, timeout=10) as answer:
        assert "Bakehouse" in answer.read().decode()
    listening = {
        each.laddr.ip for each in psutil.Process(space.pid).net_connections("tcp") if each.status == psutil.CONN_LISTEN
    }
    assert listening & {"0.0.0.0", "::"}, "a Space's proxy comes from another machine"
    said = space.log.read_text(encoding="utf-8")
    assert "Traceback" not in said, said
    assert not list(space_files.rglob("workspace")), "all state belongs into BAKEHOUSE_HOME"
