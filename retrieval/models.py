"""A model name becomes a folder of weights: local path, Hub cache, Hub, bundled copy."""

from __future__ import annotations

import logging
import os
import time
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from retrieval import bundled, pickled
from retrieval.artifact import hash_files, read_manifest
from retrieval.errors import BakehouseError, nearest
from retrieval.home import home

DEFAULT = bundled.NAME
BEST = Path("checkpoints") / "best"
"""Where a run folder keeps its best checkpoint."""

NEEDED = ["*.json", "*.safetensors", "*.txt", "*.model"]
_NOT_THE_MODEL = {"manifest.json", "trainer_state.json"}
_HUB_TIMEOUT = 3.0
_HUB_RETRY = 60.0

log = logging.getLogger(__name__)
_hub_failed: dict[str, float] = {}


@dataclass(frozen=True, slots=True)
class Model:
    """A model that can be loaded without the network.

    :param name: The name it was asked for by.
    :param source: ``folder``, ``run``, ``Hub cache``, ``Hub`` or ``bundled``.
    """

    name: str
    folder: Path
    source: str

    @property
    def fingerprint(self) -> str:
        """A hash of weights, tokenizer, prompts, pooling and maximal length."""
        files = [path for path in sorted(self.folder.rglob("*")) if _belongs(path, self.folder)]
        state = tuple((str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in files)
        return _fingerprint(state)

    @property
    def title(self) -> str:
        """A short name for people: without the owner, or the run and checkpoint."""
        parts = Path(self.name).parts
        if "checkpoints" in parts:
            at = parts.index("checkpoints")
            return " · ".join(parts[max(at - 1, 0) : at] + parts[at + 1 : at + 2])
        return parts[-1] + (" · best" if self.source == "run" else "")


def _belongs(path: Path, folder: Path) -> bool:
    hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
    return not hidden and path.name not in _NOT_THE_MODEL and any(path.match(pattern) for pattern in NEEDED)


@lru_cache(maxsize=64)
def _fingerprint(state: tuple[tuple[str, int, int], ...]) -> str:
    return hash_files(Path(path) for path, _, _ in state)


def resolve(name: str) -> Model:
    """Find the weights of a model and log where they came from.

    :param name: A folder, a run's id (its best checkpoint), a path below the workspace, or a Hub id.
    :raises BakehouseError: if it is nowhere to be had; the message lists where was looked and why not.
    """
    model = _folder(name) or _run(name) or _hub_cache(name)
    if model is None:
        refusal = _hub_refusal(name)
        model = _bundled(name) if refusal else _hub(name)
        if model is None:
            raise _not_to_be_had(name, refusal)
    if not any(model.folder.glob("*.safetensors")):
        raise BakehouseError(
            f"{model.folder} holds no *.safetensors weights: Bakehouse loads no other kind, because pickled "
            "weights can run code. Save the model again with a current sentence-transformers or transformers."
        )
    log.info("Model %s: from %s (%s)", name, model.source, model.folder)
    return model


def check(name: str) -> None:
    """See whether :func:`resolve` would find a model, without downloading or unpacking it.

    :raises BakehouseError: if it would not.
    """
    if at_hand(name) is None and (name != bundled.NAME or bundled.source_file() is None):
        refusal = _hub_refusal(name)
        if refusal:
            raise _not_to_be_had(name, refusal)


def _not_to_be_had(name: str, refusal: str | None) -> BakehouseError:
    return BakehouseError(
        f"the model '{name}' is not to be had: no folder or run of that name, not in the Hub cache, "
        f"{refusal}. Give a folder, connect to the Hub once so that it is cached, "
        f"or, for embeddings, use the bundled '{DEFAULT}'.{nearest(name, known())}"
    )


def at_hand(name: str) -> Model | None:
    """Find the weights of a model where they lie ready: nothing is asked of the network, nothing unpacked."""
    return _folder(name) or _run(name) or _hub_cache(name) or _unpacked(name)


def known() -> list[str]:
    """The names worth offering in a menu: the default, then each run that has a best checkpoint."""
    runs = sorted((home() / "runs").glob(f"*/{BEST}/modules.json"), reverse=True)
    return [DEFAULT, *(path.parents[2].name for path in runs)]


def best_step(run: Path) -> int | None:
    """The training step of a run's best checkpoint, or None while it has none.

    :param run: The run's folder.
    """
    manifest = read_manifest(run / BEST)
    return int(manifest["step"]) if manifest else None


def _folder(name: str) -> Model | None:
    for folder in (Path(name).expanduser(), home() / name):
        if (folder / "config.json").is_file() or (folder / "modules.json").is_file():
            return Model(name, folder.resolve(), "folder")
    return None


def _run(name: str) -> Model | None:
    folder = home() / "runs" / name / BEST
    return Model(name, folder, "run") if (folder / "modules.json").is_file() else None


def _looks_like_hub_id(name: str) -> bool:
    return name.count("/") <= 1 and not name.startswith((".", "/", "~"))


def _hub_cache(name: str) -> Model | None:
    """A complete snapshot in the Hub's cache, without a look at the network."""
    if not _looks_like_hub_id(name):
        return None
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    try:
        folder = Path(snapshot_download(name, allow_patterns=NEEDED, local_files_only=True))
    except (LocalEntryNotFoundError, HFValidationError):
        return None
    if not any(folder.glob("*.safetensors")):
        rewritten = pickled.converted(name)
        return Model(name, rewritten, "Hub cache") if rewritten else None
    return Model(name, folder, "Hub cache")


def _hub_refusal(name: str) -> str | None:
    """Why the Hub cannot serve this name, or None if it can. Fails fast and remembers an outage."""
    if not _looks_like_hub_id(name):
        return "and no Hub id"
    if os.environ.get("HF_HUB_OFFLINE", "").upper() in {"1", "ON", "YES", "TRUE"}:
        return "and the Hub is switched off (HF_HUB_OFFLINE)"
    if time.monotonic() - _hub_failed.get("at", -_HUB_RETRY) < _HUB_RETRY:
        return "and the Hub cannot be reached"
    from huggingface_hub import HfApi
    from huggingface_hub.errors import GatedRepoError, HFValidationError, RepositoryNotFoundError

    try:
        HfApi().model_info(name, timeout=_HUB_TIMEOUT)
    except GatedRepoError:
        return "and the Hub wants its terms accepted first (accept them on its page and set HF_TOKEN)"
    except (RepositoryNotFoundError, HFValidationError):
        return "and the Hub has no such model (a private one needs HF_TOKEN)"
    except Exception as error:  # whatever the HTTP library raises, an unreachable Hub must not end the program
        _hub_failed["at"] = time.monotonic()
        log.info("The Hub cannot be reached (%s)", type(error).__name__)
        return "and the Hub cannot be reached"
    return None


def _hub(name: str) -> Model:
    from huggingface_hub import snapshot_download

    log.info("Downloading %s from the Hub", name)
    folder = Path(snapshot_download(name, allow_patterns=NEEDED))
    if not any(folder.glob("*.safetensors")):
        folder = Path(snapshot_download(name, allow_patterns=[*NEEDED, pickled.PATTERN]))
        if any(folder.glob(pickled.PATTERN)):
            folder = pickled.convert(name, folder)
    return Model(name, folder, "Hub")


def _unpacked(name: str) -> Model | None:
    folder = home() / "models" / name.replace("/", "--")
    return Model(name, folder, "bundled") if name == bundled.NAME and read_manifest(folder) else None


def _bundled(name: str) -> Model | None:
    source = bundled.source_file() if name == bundled.NAME else None
    return Model(name, bundled.unpack(source), "bundled") if source else None
