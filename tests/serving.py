"""Start a program that serves a page, wait until it answers, and stop it again."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

START_SECONDS = 120.0
STOP_SECONDS = 10.0
_UNREACHED = (OSError, http.client.HTTPException)


@dataclass(frozen=True, slots=True)
class Served:
    """A running program: where it answers, its process id, and what it has said so far."""

    url: str
    pid: int
    log: Path


def free_port() -> int:
    """A TCP port on this machine that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(
    command: Sequence[str], port: int, *, cwd: Path, environment: Mapping[str, str | None], log: Path
) -> Iterator[Served]:
    """Run ``command`` while the block runs; it must answer on ``port`` within two minutes.

    :param environment: Set on top of this process's environment; None takes a name away.
    :raises AssertionError: if it ends or stays silent instead, with the end of its log.
    """
    merged = {**os.environ, **environment}
    own = {name: value for name, value in merged.items() if value is not None}
    with log.open("wb") as out:
        process = subprocess.Popen(
            list(command), cwd=cwd, env=own, stdout=out, stderr=subprocess.STDOUT, start_new_session=True
        )
    url = f"http://127.0.0.1:{port}"
    try:
        _wait(process, url, log)
        yield Served(url, process.pid, log)
    finally:
        _stop(process)


def _wait(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        if process.poll() is not None:
            raise AssertionError(f"the server ended with status {process.returncode}:\n{_tail(log)}")
        if _answers(url):
            return
        time.sleep(0.2)
    raise AssertionError(f"the server did not answer within {START_SECONDS:.0f} s:\n{_tail(log)}")


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as response:
            return bool(response.status == 200)
    except _UNREACHED:
        return False


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _tail(log: Path, lines: int = 40) -> str:
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
