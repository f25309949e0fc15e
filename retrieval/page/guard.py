"""Errors reach a person as a sentence, never as a traceback."""

from __future__ import annotations

import functools
import inspect
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from retrieval.cli import explain

BROKE = "Something broke here that should not have. The log has the details; the rest of the page still works."

Handler = Callable[..., Any]
Show = Callable[[str], Any]


@dataclass(frozen=True, slots=True)
class Guard:
    """Wraps the handlers of a page.

    :param toast: Makes the exception that the page shows as a passing message; ``gr.Error`` in the app.
    """

    toast: Callable[[str], Exception]

    def __call__(self, handler: Handler, show: Show | None = None) -> Handler:
        """The same handler, with errors as sentences.

        :param handler: A function or a generator function; its signature is kept.
        :param show: Gets the sentence, returns the outputs that show it. Without it: a toast.
        """

        def report(error: Exception) -> Any:
            sentence = sentence_for(error)
            if show is None:
                raise self.toast(sentence) from error
            return show(sentence)

        if inspect.isgeneratorfunction(handler):

            @functools.wraps(handler)
            def stream(*args: Any, **kwargs: Any) -> Iterator[Any]:
                try:
                    yield from handler(*args, **kwargs)
                except Exception as error:
                    yield report(error)

            return stream

        @functools.wraps(handler)
        def call(*args: Any, **kwargs: Any) -> Any:
            try:
                return handler(*args, **kwargs)
            except Exception as error:
                return report(error)

        return call


def sentence_for(error: Exception) -> str:
    """What a person reads; a fault of the program goes to the log with its traceback."""
    sentence = explain(error)
    if sentence is None:
        logging.getLogger("bakehouse.page").error("a handler failed", exc_info=error)
        return BROKE
    return sentence[:1].upper() + sentence[1:]
