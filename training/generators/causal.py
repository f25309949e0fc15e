"""An instruction model asked, in its own chat format, for a question."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from retrieval.languages import name_of
from retrieval.models import Model
from retrieval.records import Document
from training.config import Generate
from training.generators import sampling


@dataclass(frozen=True)
class Causal:
    """A causal language model; loads itself on first use."""

    model: Model
    settings: Generate
    lang: str

    @cached_property
    def _loaded(self) -> tuple[Any, Any]:
        from transformers import AutoModelForCausalLM, AutoTokenizer

        folder, device = str(self.model.folder), sampling.best_device()
        tokenizer = AutoTokenizer.from_pretrained(folder, padding_side="left")
        if tokenizer.pad_token is None:
            tokenizer.pad_token = tokenizer.eos_token
        dtype = sampling.precision(self.settings, device)
        model: Any = AutoModelForCausalLM.from_pretrained(folder, use_safetensors=True, dtype=dtype)
        return tokenizer, model.to(device).eval()

    def __call__(self, passages: Sequence[Document], count: int, seed: int) -> list[list[str]]:
        """See :class:`~training.generators.Generator`."""
        return list(sampling.asked(passages, count, seed, self.settings, self._generate))

    def _generate(self, passages: Sequence[Document], streams: Sequence[Iterator[float]]) -> list[str]:
        import torch

        tokenizer, model = self._loaded
        prompts = [self._prompt(passage) for passage in passages]
        batch = tokenizer(prompts, padding=True, return_tensors="pt", add_special_tokens=False).to(model.device)
        options = sampling.sampling_options(self.settings, tokenizer, streams, len(streams) // len(passages))
        with torch.inference_mode():
            output = model.generate(**batch, **options, pad_token_id=tokenizer.pad_token_id)
        new = output[:, batch["input_ids"].shape[1] :]
        return list(tokenizer.batch_decode(new, skip_special_tokens=True))

    def _prompt(self, passage: Document) -> str:
        tokenizer, _ = self._loaded
        ids = tokenizer(passage.full_text, truncation=True, max_length=self.settings.max_passage_tokens)["input_ids"]
        text = tokenizer.decode(ids, skip_special_tokens=True)
        prompt = self.settings.prompts.get(self.lang, self.settings.prompt)
        prompt = prompt.replace("{language}", name_of(self.lang)).replace("{text}", text)
        if tokenizer.chat_template is None:
            return prompt
        message = [{"role": "user", "content": prompt}]
        return str(tokenizer.apply_chat_template(message, tokenize=False, add_generation_prompt=True))
