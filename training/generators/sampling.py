"""What both kinds of generating model share: how they draw, load and clean.

The draws are our own, and not those of ``generate``, because these come from one stream for the whole batch:
another batch size, or a batch halved for want of memory, would ask other questions. Here each question of
each passage has a stream of its own, so that what else is in the batch changes nothing but the last digits of
the arithmetic, as another device does. In float32 that moves no question; in bfloat16 one in thirty of a
model of random weights, whose next tokens are nearly alike, and fewer of one that knows what it wants to ask.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from retrieval.encoder import has_bf16
from retrieval.records import Document
from training.backoff import halving
from training.config import Generate
from training.questions.words import Words

if TYPE_CHECKING:
    import torch

AT_ONCE = 8
"""Questions of one passage asked at once: the batch holds so many sequences a passage, at most."""
ROUNDS = 4
"""How often a passage is asked again for the questions that lacked a wanted word."""

_NUMBERING = re.compile(r"^\s*(\d{1,2}[.)]|[-*•])\s+")


def best_device() -> str:
    """``cuda``, ``mps`` or ``cpu``: the fastest this machine has."""
    import torch

    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def precision(settings: Generate, device: str) -> torch.dtype:
    """The type of the weights: bfloat16 halves what a step of decoding must read, which is all of them."""
    import torch

    if settings.precision == "auto":
        return torch.bfloat16 if has_bf16(device) else torch.float32
    return torch.bfloat16 if settings.precision == "bf16" else torch.float32


class Draws:
    """Draws the next token of each sequence by its own stream of numbers: a logits processor of transformers.

    Of the ``top_k`` likeliest tokens (Fan et al., 2018) those that make up ``top_p`` (Holtzman et al., 2020).
    The one that is drawn is left as the only possible one. The tokens stand by id when the number falls
    among them, so that a rounding error moves the borders and never the order.

    :param streams: One a sequence, numbers in [0, 1).
    """

    def __init__(self, settings: Generate, streams: Sequence[Iterator[float]]) -> None:
        self.settings = settings
        self.streams = streams

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """
        :param input_ids: Shape (sequences, tokens so far); not looked at.
        :param scores: Shape (sequences, vocabulary), float32.
        :returns: Shape as ``scores``: 0 for the token drawn, else -inf.
        """
        import torch

        top = scores.topk(min(self.settings.top_k, scores.shape[1]), dim=1)
        likely = torch.softmax(top.values / self.settings.temperature, dim=1)
        before = likely.cumsum(dim=1) - likely
        kept = likely.masked_fill(before >= self.settings.top_p, 0.0)
        tokens, order = top.indices.sort(dim=1)
        borders = kept.gather(1, order).cumsum(dim=1)
        drawn = torch.tensor([[next(stream)] for stream in self.streams], dtype=borders.dtype, device=borders.device)
        place = torch.searchsorted(borders, drawn * borders[:, -1:], right=True).clamp(max=tokens.shape[1] - 1)
        return torch.full_like(scores, -torch.inf).scatter_(1, tokens.gather(1, place), 0.0)


def stream(seed: int, passage: str, number: int) -> Iterator[float]:
    """The numbers that draw question ``number`` of a passage, without end."""
    draw = random.Random(f"{seed}:{passage}:{number}")
    return iter(draw.random, None)


def asked(
    passages: Sequence[Document], count: int, seed: int, settings: Generate, generate: Any
) -> Iterator[list[str]]:
    """Ask each passage for ``count`` questions, and again where they lack a wanted word.

    Asking again draws from the model's own questions that contain the word, which forcing it in would not.

    :param generate: (passages, streams) → the texts of all questions, a passage's after one another.
    """
    words = Words(settings.must, settings.must_not)
    rounds = 1 + (ROUNDS if settings.must else 0)

    def ask(batch: Sequence[Document]) -> list[list[str]]:
        found: list[list[str]] = [[] for _ in batch]
        for first in range(0, count * rounds, AT_ONCE):
            last = min(first + AT_ONCE, count * rounds)
            open_ = [row for row in range(len(batch)) if first < count or len(found[row]) < count]
            streams = [stream(seed, batch[row].id, number) for row in open_ for number in range(first, last)]
            texts = generate([batch[row] for row in open_], streams) if open_ else []
            for at, row in enumerate(open_):
                new = texts[at * (last - first) : (at + 1) * (last - first)]
                found[row] = cleaned([*found[row], *words.allowed(cleaned(new))])[:count]
        return found

    return halving(passages, settings.batch_size, ask)


def unwanted_ids(tokenizer: Any, words: Iterable[str]) -> list[list[int]] | None:
    """The token sequences of words that must not come, as ``generate`` takes them; None if there are none.

    A word is spelt by other tokens at the start of a text, after a space, and with a capital. What still
    comes through, such as another inflection of case, the filter drops.
    """
    spelt = {form for word in words for form in (word, word.lower(), word.capitalize(), word.upper())}
    ids = [tokenizer(text, add_special_tokens=False)["input_ids"] for form in spelt for text in (form, f" {form}")]
    special = set(tokenizer.all_special_ids)
    known = {tuple(sequence) for sequence in ids if sequence and not special & set(sequence)}
    return [list(sequence) for sequence in sorted(known)] or None


def sampling_options(settings: Generate, tokenizer: Any, streams: Sequence[Iterator[float]], count: int) -> Any:
    """What ``generate`` is called with so that :class:`Draws` decides, whatever the model's own defaults are."""
    from transformers import LogitsProcessorList

    return {
        "logits_processor": LogitsProcessorList([Draws(settings, streams)]),
        "bad_words_ids": unwanted_ids(tokenizer, settings.must_not),
        "do_sample": True,  # else transformers refuses several sequences of one passage
        "top_p": 1.0,
        "top_k": 0,
        "temperature": 1.0,
        "num_return_sequences": count,
        "max_new_tokens": settings.max_query_tokens,
    }


def cleaned(texts: Iterable[str]) -> list[str]:
    """First lines without numbering and quotes, empty and repeated ones left out."""
    lines = (text.strip().splitlines()[0] if text.strip() else "" for text in texts)
    questions = (_NUMBERING.sub("", line).strip().strip("\"'“”«»").strip() for line in lines)
    return list(dict.fromkeys(question for question in questions if question))
