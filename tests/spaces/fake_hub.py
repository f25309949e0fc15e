"""A small Hub on this machine: enough of its HTTP interface to create a Space and commit to it."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@dataclass
class Hub:
    """What the Hub holds and was asked.

    :param spaces: Space → path → content.
    :param tokens: The credentials of everything that was to change something.
    :param refuse: A status that every request to create a Space gets, or 0.
    :param card_error: What the Hub finds wrong with a card, if anything.
    """

    spaces: dict[str, dict[str, bytes]] = field(default_factory=dict)
    created: list[dict[str, Any]] = field(default_factory=list)
    commits: list[list[dict[str, Any]]] = field(default_factory=list)
    hardware: list[dict[str, Any]] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)
    refuse: int = 0
    card_error: str = ""
    url: str = ""

    def get(self, path: str) -> tuple[int, Any]:
        """Answer a GET: what a Space is, and which files it has."""
        name, _, rest = path.removeprefix("/api/spaces/").partition("/tree/")
        if name not in self.spaces:
            return 404, {"error": "Repository not found"}
        if rest:
            return 200, [
                {"type": "file", "path": path, "oid": "0" * 40, "size": len(content)}
                for path, content in self.spaces[name].items()
            ]
        return 200, {"_id": "1", "id": name, "sha": COMMIT, "private": False, "tags": [], "siblings": []}

    def post(self, path: str, body: bytes) -> tuple[int, Any]:
        """Answer a POST: create, check a card, prepare an upload, commit, change hardware."""
        if path == "/api/repos/create":
            return self._create(json.loads(body))
        if path == "/api/validate-yaml":
            errors = [{"message": self.card_error}] if self.card_error else []
            return (400 if errors else 200), {"errors": errors, "warnings": []}
        name, _, verb = path.removeprefix("/api/spaces/").rpartition("/")
        if verb == "hardware":
            self.hardware.append(json.loads(body))
            return 200, {"stage": "BUILDING", "hardware": {"requested": "t4-small", "current": None}}
        name, _, verb = name.rpartition("/")
        if verb == "preupload":
            files = [{"path": each["path"]} for each in json.loads(body)["files"]]
            return 200, {"files": [{**each, "uploadMode": "regular", "shouldIgnore": False} for each in files]}
        return self._commit(name, [json.loads(line) for line in body.splitlines()])

    def _create(self, body: dict[str, Any]) -> tuple[int, Any]:
        if self.refuse:
            return self.refuse, {"error": "refused"}
        name = f"{body['organization']}/{body['name']}"
        self.created.append(body)
        known = name in self.spaces
        self.spaces.setdefault(name, {".gitattributes": b""})
        return (409 if known else 200), {"url": f"{self.url}/spaces/{name}", "name": name}

    def _commit(self, name: str, operations: list[dict[str, Any]]) -> tuple[int, Any]:
        self.commits.append(operations)
        files = self.spaces[name]
        for operation in operations:
            value = operation["value"]
            if operation["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif operation["key"] == "deletedFile":
                del files[value["path"]]
        return 200, {"commitUrl": f"{self.url}/spaces/{name}/commit/{COMMIT}", "commitOid": COMMIT}


@contextmanager
def running() -> Iterator[Hub]:
    """A Hub that listens on this machine while the block runs."""
    hub = Hub()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(*hub.get(self.path.partition("?")[0]))

        def do_POST(self) -> None:
            hub.tokens.add(self.headers.get("Authorization", ""))
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self._answer(*hub.post(self.path.partition("?")[0], body))

        def _answer(self, status: int, content: Any) -> None:
            data = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            if status == 404:
                self.send_header("X-Error-Code", "RepoNotFound")
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing: what was asked is in the Hub's lists."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hub.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
