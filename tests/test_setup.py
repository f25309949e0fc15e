"""The two commands, the pins and the variables say the same as the code."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from importlib.metadata import packages_distributions, version
from pathlib import Path

import pytest
from imports import imports_in
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("retrieval", "eval", "training")
OWN = {*ROOMS, "app", "tests"}
SET_BY_OTHERS = {
    "SYSTEM": "a Space",
    "SPACE_ID": "a Space",
    "OAUTH_CLIENT_ID": "a Space",
    "GRADIO_SERVER_PORT": "a Space",
    "GRADIO_ANALYTICS_ENABLED": "the app",
    "TOKENIZERS_PARALLELISM": "the commands",
    "HF_HUB_DISABLE_PROGRESS_BARS": "the commands",
    "RANK": "accelerate",
    "LOCAL_RANK": "accelerate",
    "OMP_NUM_THREADS": "whoever shares out a machine's cores",
    "NETRC": "whoever keeps passwords elsewhere than at home",
}
OPTIONAL = {"mteb", "trackio"}
"""The program uses these where a person has installed them, and says so where not."""
needs_make = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")


def lines(name: str) -> list[Requirement]:
    """The requirements in a file, without comments and includes."""
    text = (ROOT / name).read_text(encoding="utf-8")
    return [Requirement(line) for line in text.splitlines() if line and not line.startswith(("#", "-"))]


def pins() -> list[Requirement]:
    """Both files, as far as they apply to this machine."""
    every = lines("requirements.txt") + lines("requirements-dev.txt")
    return [each for each in every if each.marker is None or each.marker.evaluate()]


def sources(*places: str) -> list[Path]:
    """Python files in the given folders, or the given files themselves."""
    found = [path for place in places for path in (ROOT / place).rglob("*.py")]
    return found + [ROOT / place for place in places if place.endswith(".py")]


def distributions(paths: list[Path]) -> dict[str, str]:
    """Distribution → a file that imports it; the standard library and our own files left out."""
    beside = {path.stem for path in sources("tests", "spaces")}
    by_module = packages_distributions()
    needed: dict[str, str] = {}
    for path in paths:
        for found in imports_in(path, ROOT):
            if found.top in sys.stdlib_module_names or found.top in OWN or found.top in beside:
                continue
            named = {canonicalize_name(each) for each in by_module.get(found.top, [found.top])}
            pinned = named & {canonicalize_name(each.name) for each in pins()}
            needed[(pinned or named).pop()] = str(path.relative_to(ROOT))
    return needed


def test_every_requirement_is_pinned_exactly() -> None:
    for each in lines("requirements.txt") + lines("requirements-dev.txt"):
        assert [(part.operator, "*" in part.version) for part in each.specifier] == [("==", False)], each


def test_torch_is_settled_first() -> None:
    assert str(lines("requirements.txt")[0]) == "torch==2.13.0"


def test_nothing_is_pinned_twice() -> None:
    names = [canonicalize_name(each.name) for each in pins()]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("pin", pins(), ids=lambda pin: pin.name)
def test_installed_is_what_is_pinned(pin: Requirement) -> None:
    assert pin.specifier.contains(version(pin.name)), f"{pin} is pinned, {version(pin.name)} is installed"


def test_what_the_program_imports_is_in_requirements() -> None:
    named = {canonicalize_name(each.name) for each in lines("requirements.txt")}
    needed = distributions(sources(*ROOMS, "app.py", "spaces/deploy.py"))
    assert {name: where for name, where in needed.items() if name not in named | OPTIONAL} == {}


def test_what_the_tests_import_is_in_requirements_dev() -> None:
    named = {canonicalize_name(each.name) for each in pins()}
    needed = distributions(sources("tests"))
    assert {name: where for name, where in needed.items() if name not in named} == {}


def variables(path: Path) -> set[str]:
    """Names that a file reads from the environment."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        parts: list[ast.expr] = []
        if isinstance(node, ast.Call) and re.search(r"(environ\.\w+|getenv)$", ast.unparse(node.func)):
            parts = node.args[:1]
        elif isinstance(node, ast.Subscript) and ast.unparse(node.value).endswith("environ"):
            parts = [node.slice]
        elif isinstance(node, ast.Compare) and ast.unparse(node.comparators[0]).endswith("environ"):
            parts = [node.left]
        found |= {part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str)}
    return found


def test_env_example_lists_every_variable() -> None:
    listed = set(re.findall(r"^#?([A-Z][A-Z0-9_]+)=", (ROOT / ".env.example").read_text(encoding="utf-8"), re.M))
    read = set().union(*(variables(path) for path in sources(*ROOMS, "app.py", "spaces", "tests/browser")))
    assert "BAKEHOUSE_HOME" in read
    assert read - listed - SET_BY_OTHERS.keys() == set()
    assert listed >= {"BAKEHOUSE_HOME", "BAKEHOUSE_ADMINS", "HF_TOKEN", "WANDB_API_KEY", "WANDB_PROJECT"}


def test_env_example_sets_nothing_by_itself() -> None:
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    assert [line for line in text.splitlines() if line and not line.startswith("#")] == []


def test_ci_runs_make_test() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert script.read_text(encoding="utf-8").splitlines()[-1] == "make test"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The files that set-up reads, in a folder without an environment."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    for name in ("Makefile", "requirements.txt", "requirements-dev.txt"):
        shutil.copy(ROOT / name, folder)
    return folder


def make(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run make in a folder."""
    return subprocess.run(
        [str(shutil.which("make")), *arguments],
        cwd=folder,
        # `make test` runs this test: what that make tells the makes below it is not meant for this one
        env={name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
        | environment,
        capture_output=True,
        text=True,
        timeout=60,
    )


@needs_make
@pytest.mark.parametrize(("target", "stamp", "last"), [("app", ".app", "app.py"), ("test", ".dev", "-m pytest")])
def test_nothing_is_installed_twice(checkout: Path, target: str, stamp: str, last: str) -> None:
    first = make(checkout, "-n", target).stdout
    assert "-m pip install" in first
    (checkout / ".venv").mkdir()
    (checkout / ".venv" / stamp).touch()
    again = make(checkout, "-n", target).stdout
    assert "pip" not in again
    assert again.splitlines()[-1].strip() == f".venv/bin/python {last}"
    newer = (checkout / ".venv" / stamp).stat().st_mtime + 10
    os.utime(checkout / "requirements.txt", (newer, newer))
    assert "-m pip install" in make(checkout, "-n", target).stdout


def command(folder: Path, name: str, script: str) -> None:
    """An executable shell script on a PATH of the test's own."""
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


@needs_make
def test_without_a_new_python_make_says_what_to_do(checkout: Path, tmp_path: Path) -> None:
    commands = tmp_path / "bin"
    command(commands, "python3", "exit 1")
    answer = make(checkout, "app", PATH=str(commands))
    assert answer.returncode != 0
    assert "Bakehouse needs Python 3.11 or newer" in answer.stderr
    assert "PYTHON=/path/to/python" in answer.stderr
    assert not (checkout / ".venv").exists()


@needs_make
def test_a_python_that_does_not_run_is_passed_over(checkout: Path, tmp_path: Path) -> None:
    commands = tmp_path / "bin"
    command(commands, "python3", "echo not installed >&2; exit 127")
    command(commands, "python3.12", f'exec {sys.executable} "$@"')
    (checkout / "requirements.txt").write_text("# nothing\n")
    (checkout / "app.py").write_text("import sys; print('served by', sys.prefix)\n")
    path = f"{commands}{os.pathsep}{Path('/usr/bin')}{os.pathsep}{Path('/bin')}"
    answer = make(checkout, "app", PATH=path)
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.startswith("Making .venv with Python 3.")
    assert answer.stdout.splitlines()[-1] == f"served by {checkout / '.venv'}"
