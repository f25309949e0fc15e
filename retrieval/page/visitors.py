"""Who may change things: everyone on their own machine, named people on a Space."""

from __future__ import annotations

import os
import time
from typing import Any

from retrieval.errors import BakehouseError
from retrieval.home import on_space

REFUSAL = (
    "Visitors of this Space search and look; training, and data that stays, are for its owners. "
    "Duplicate the Space, or run Bakehouse at home (make app): there everything is open to you."
)


def may_change(request: Any) -> bool:
    """Whether this visitor may train, upload for good, or write to the workspace.

    :param request: A ``gr.Request``, or anything with ``username`` and ``session``; None is nobody.
    """
    if not on_space():
        return True
    name = username(request)
    return bool(name) and name in admins()


def require_change(request: Any) -> None:
    """:raises BakehouseError: with the reason and the remedy, where :func:`may_change` says no."""
    if not may_change(request):
        raise BakehouseError(REFUSAL)


def admins() -> frozenset[str]:
    """The user names in ``BAKEHOUSE_ADMINS``, which commas or spaces separate."""
    return frozenset(os.environ.get("BAKEHOUSE_ADMINS", "").replace(",", " ").split())


def username(request: Any) -> str:
    """The name a visitor signed in with on HuggingFace, or an empty string."""
    if request is None:
        return ""
    named = getattr(request, "username", None)
    if named:
        return str(named)
    info = _session(request).get("oauth_info") or {}
    if info.get("expires_at") is not None and info["expires_at"] < time.time():
        return ""
    return str((info.get("userinfo") or {}).get("preferred_username") or "")


def _session(request: Any) -> dict[str, Any]:
    """The signed session, from where gradio itself reads it: asking starlette without its middleware raises."""
    inner = getattr(request, "request", None) or request
    scope = getattr(inner, "scope", None)
    session = scope.get("session") if isinstance(scope, dict) else getattr(inner, "session", None)
    return dict(session or {})
