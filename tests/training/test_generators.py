"""Generating models, tiny but real."""

from __future__ import annotations

from pathlib import Path

import pytest

from retrieval.models import Model
from retrieval.records import Document
from training.config import Generate
from training.generators.causal import Causal
from training.generators.sampling import cleaned
from training.generators.seq2seq import Seq2Seq

PASSAGES = [
    Document("salt", "Two grams of salt for every hundred grams of flour slow the yeast.", "Salt", {"lang": "en"}),
    Document("rye", "Rye holds little gluten.", "", {"lang": "en"}),
]


@pytest.fixture(scope="module")
def tiny_llama(tiny_bert: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A 2-layer Llama with the tokenizer of the tiny BERT."""
    import torch
    from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM

    torch.manual_seed(13)
    folder = tmp_path_factory.mktemp("models") / "tiny-llama"
    tokenizer = AutoTokenizer.from_pretrained(tiny_bert)
    tokenizer.model_max_length = 512
    tokenizer.model_input_names = ["input_ids", "attention_mask"]
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.sep_token_id,
        bos_token_id=tokenizer.cls_token_id,
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def test_seq2seq_repeats_itself_by_seed(tiny_t5: Path) -> None:
    generator = Seq2Seq(Model("tiny", tiny_t5, "folder"), Generate(max_query_tokens=8))
    asked = generator(PASSAGES, 4, seed=1)
    assert [1 <= len(questions) <= 4 for questions in asked] == [True, True]
    assert generator(PASSAGES, 4, seed=1) == asked
    assert generator(PASSAGES, 4, seed=2) != asked


def test_causal_answers_without_repeating_the_prompt(tiny_llama: Path) -> None:
    generator = Causal(Model("tiny", tiny_llama, "folder"), Generate(max_query_tokens=8), "en")
    asked = generator(PASSAGES, 2, seed=1)
    assert [len(questions) <= 2 for questions in asked] == [True, True]
    assert any(questions for questions in asked)
    assert not any("Question:" in question for questions in asked for question in questions)
    assert generator(PASSAGES, 2, seed=1) == asked


def test_the_prompt_names_the_language_and_cuts_the_passage(tiny_llama: Path) -> None:
    settings = Generate(max_passage_tokens=16, prompt="Ask in {language}: {text} ->")
    prompt = Causal(Model("tiny", tiny_llama, "folder"), settings, "de")._prompt(
        Document("long", "salt " * 200, "", {"lang": "de"})
    )
    assert prompt.startswith("Ask in German: salt")
    assert prompt.endswith("->")
    assert prompt.count("salt") == 14  # sixteen tokens, two of them special


def test_answers_are_cleaned() -> None:
    assert cleaned(['1. "What is salt?"\nAnd more', "", "  ", "What is salt?", "2) why", "2024 in bread"]) == [
        "What is salt?",
        "why",
        "2024 in bread",
    ]
