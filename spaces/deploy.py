"""Create or update a HuggingFace Space that mirrors this project.

Run it from anywhere: ``python spaces/deploy.py OWNER/NAME [--dry-run]``.
"""

from __future__ import annotations

import argparse
import logging
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # a script finds only its own folder

from retrieval import cli  # noqa: E402
from retrieval.errors import BakehouseError  # noqa: E402

if TYPE_CHECKING:
    from huggingface_hub import CommitInfo, HfApi

CARD = "spaces/README.md"
SINGLE = ("app.py", "requirements.txt", "LICENSE", CARD)
ROOMS = ("retrieval", "eval", "training")
SUFFIXES = {".py", ".css", ".js", ".html", ".svg", ".json", ".jsonl", ".tsv", ".toml", ".md", ".txt"}
KEPT_BY_THE_HUB = ".gitattributes"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Upload:
    """One file: where it lies here, and where it goes on the Space."""

    source: Path
    path: str

    @property
    def size(self) -> int:
        """Bytes."""
        return self.source.stat().st_size


def uploads(root: Path = ROOT) -> list[Upload]:
    """Exactly what the Space needs, by path: the app, the rooms, the pins, the licence, the card as README.

    :raises BakehouseError: if a file is missing that the Space cannot do without.
    """
    tracked = _tracked(root)
    names = _walked(root) if tracked is None else tracked
    missing = [name for name in SINGLE if name not in names]
    if missing:
        known = "git does not track it" if (root / missing[0]).is_file() else "it is not there"
        raise BakehouseError(f"the Space needs {missing[0]}, but {known}: add it (git add {missing[0]}) and try again.")
    made = [Upload(root / name, "README.md" if name == CARD else name) for name in names]
    return sorted(made, key=lambda upload: upload.path)


def _tracked(root: Path) -> list[str] | None:
    """What git tracks of it, or None where this is no checkout. Files that git does not know may be private."""
    if not (root / ".git").exists() or shutil.which("git") is None:
        return None
    left_out = _git(root, "--others", "--exclude-standard")
    if left_out:
        few = ", ".join(left_out[:5]) + (", …" if len(left_out) > 5 else "")
        log.warning("%d files are not tracked by git and so left out: %s", len(left_out), few)
    return [name for name in _git(root, "--cached") if (root / name).is_file()]


def _git(root: Path, *flags: str) -> list[str]:
    command = ["git", "ls-files", "-z", *flags, "--", *SINGLE, *ROOMS]
    answer = subprocess.run(command, cwd=root, capture_output=True, text=True)
    if answer.returncode:
        raise BakehouseError(f"git cannot list the files of {root}: {answer.stderr.strip()}")
    return [name for name in answer.stdout.split("\0") if name]


def _walked(root: Path) -> list[str]:
    inside = (path for room in ROOMS for path in (root / room).rglob("*"))
    paths = [path for path in inside if path.suffix in SUFFIXES and path.is_file()]
    visible = [path.relative_to(root) for path in paths]
    kept = [
        path.as_posix() for path in visible if not any(part.startswith((".", "__pycache__")) for part in path.parts)
    ]
    return kept + [name for name in SINGLE if (root / name).is_file()]


def deploy(space: str, files: Sequence[Upload], private: bool, hardware: str | None) -> CommitInfo:
    """Create the Space if need be and make it hold these files and no others, in one commit.

    :param hardware: A flavour such as ``t4-small``; None leaves it to the Hub, or as it is.
    :raises BakehouseError: without a token, permission, or a Hub that answers.
    """
    from huggingface_hub import HfApi, get_token

    if get_token() is None:
        raise BakehouseError(
            "no HuggingFace token was found: make one with write access in your HuggingFace settings and put it "
            "into .env as HF_TOKEN, or log in with `hf auth login`. `--dry-run` needs none."
        )
    api = HfApi()
    with _hub_errors(space):
        existed = api.repo_exists(space, repo_type="space")
        api.create_repo(
            space,
            repo_type="space",
            space_sdk="gradio",
            private=private or None,
            space_hardware=None if existed else hardware,  # type: ignore[arg-type]
            exist_ok=True,
        )
        commit = _mirror(api, space, files)
        if existed and hardware:
            api.request_space_hardware(space, hardware)  # type: ignore[arg-type]
    return commit


def _mirror(api: HfApi, space: str, files: Sequence[Upload]) -> CommitInfo:
    """One commit, since ``upload_folder`` may make several and a Space rebuilds after each."""
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete

    wanted = {upload.path for upload in files} | {KEPT_BY_THE_HUB}
    stale = sorted(set(api.list_repo_files(space, repo_type="space")) - wanted)
    return api.create_commit(
        space,
        [
            *(CommitOperationDelete(path) for path in stale),
            *(CommitOperationAdd(upload.path, upload.source) for upload in files),
        ],
        commit_message="Deploy Bakehouse",
        repo_type="space",
    )


@contextmanager
def _hub_errors(space: str) -> Iterator[None]:
    """Turn what the Hub answers into a sentence with a remedy."""
    from httpx2 import HTTPError
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, OfflineModeIsEnabled

    try:
        yield
    except OfflineModeIsEnabled as error:
        raise BakehouseError("HF_HUB_OFFLINE is set, so the Hub is not asked: unset it to deploy.") from error
    except HfHubHTTPError as error:
        raise BakehouseError(_refusal(error, space)) from error
    except HTTPError as error:
        raise BakehouseError(
            f"the HuggingFace Hub cannot be reached ({error}): check the network, or HF_ENDPOINT if it is set."
        ) from error
    except HFValidationError as error:
        raise BakehouseError(f"'{space}' cannot be the name of a Space: {error}") from error
    except ValueError as error:
        if "README.md" not in str(error):
            raise
        raise BakehouseError(f"the Hub does not accept {CARD}: {error}") from error


def _refusal(error: Exception, space: str) -> str:
    response = getattr(error, "response", None)
    status = getattr(response, "status_code", None)
    owner = space.partition("/")[0]
    remedies = {
        401: "the Hub does not accept the token: make a new one with write access and set HF_TOKEN.",
        402: f"the Hub asks {owner} to pay for this hardware: subscribe, or choose another with --hardware.",
        403: f"the token may not write to {space}: it needs write access to what {owner} owns.",
        404: f"the Hub knows no {space} that this token may see: check the name and the token's rights.",
    }
    return remedies.get(status or 0) or f"the Hub refused with status {status}: {error}"


def run(args: argparse.Namespace) -> cli.Report:
    """List the files, and unless it is a dry run make the Space hold them."""
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", args.space):
        raise BakehouseError(f"found '{args.space}', wanted OWNER/NAME, such as ada/bakehouse.")
    files = uploads()
    listed = [{"path": upload.path, "bytes": upload.size} for upload in files]
    machine = {
        "space": args.space,
        "dry_run": args.dry_run,
        "files": listed,
        "bytes": sum(upload.size for upload in files),
    }
    if args.dry_run:
        return cli.Report(machine, _listing(files, machine["bytes"]))
    commit = deploy(args.space, files, args.private, args.hardware)
    space_url = str(commit.repo_url)
    human = f"{len(files)} files are on {space_url}, which now builds; commit {commit.oid}."
    return cli.Report({**machine, "url": space_url, "commit": commit.oid}, human)


def _listing(files: Sequence[Upload], total: int) -> str:
    rows = [f"{upload.size:>10,}  {upload.path}" for upload in files]
    return "\n".join([*rows, f"{total:>10,}  bytes in {len(files)} files; nothing was uploaded"])


def parser() -> argparse.ArgumentParser:
    """The flags of the command."""
    made = argparse.ArgumentParser(description="Create or update a HuggingFace Space that mirrors this project.")
    made.add_argument("space", metavar="OWNER/NAME", help="the Space to create or update")
    made.add_argument("--dry-run", action="store_true", help="list what would be uploaded; needs no token or network")
    made.add_argument("--private", action="store_true", help="make the Space private, if it is created now")
    made.add_argument("--hardware", metavar="FLAVOUR", help="such as cpu-basic or t4-small; left as it is by default")
    made.add_argument("--json", action="store_true", help="print one JSON object on stdout, nothing else")
    made.set_defaults(run=run)
    return made


if __name__ == "__main__":
    sys.exit(cli.execute(parser()))
