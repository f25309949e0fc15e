"""Generating models, tiny but real."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain, repeat
from pathlib import Path
from typing import Any

import pytest
import torch
from tiny_texts import PASSAGES as TINY

from retrieval.encoder import has_bf16
from retrieval.errors import BakehouseError
from retrieval.models import Model
from retrieval.records import Document
from training import generate
from training.config import Generate
from training.generators import sampling
from training.generators.causal import Causal
from training.generators.extract import Extract
from training.generators.sampling import Draws, cleaned, stream, unwanted_ids
from training.generators.seq2seq import Seq2Seq
from training.presets import DOC2QUERY
from training.questions.words import Words, contains
from training.split import Shares

PASSAGES = [
    Document("salt", "Two grams of salt for every hundred grams of flour slow the yeast.", "Salt", {"lang": "en"}),
    Document("rye", "Rye holds little gluten.", "", {"lang": "en"}),
]

MANY = [
    Document(f"{lang}-{name}", text, title, {"lang": lang})
    for lang, passages in TINY.items()
    for name, (title, text) in passages.items()
]

SOME = MANY[::2]


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


def _t5(folder: Path, **settings: Any) -> Seq2Seq:
    return Seq2Seq(Model("tiny", folder, "folder"), Generate(max_query_tokens=8, **settings))


def test_the_batch_size_changes_no_question(tiny_t5: Path, tiny_llama: Path) -> None:
    """Neither as it is set, nor by company: each passage has its own stream of random numbers."""
    exact = {"precision": "fp32"}
    whole = _t5(tiny_t5, batch_size=12, **exact)(SOME, 3, seed=1)
    assert _t5(tiny_t5, batch_size=5, **exact)(SOME, 3, seed=1) == whole
    assert _t5(tiny_t5, batch_size=1, **exact)(SOME[:3], 3, seed=1) == whole[:3]
    assert _t5(tiny_t5, **exact)(SOME[::-1], 2, seed=1) == [questions[:2] for questions in whole[::-1]]
    settings = [Generate(max_query_tokens=8, batch_size=size, precision="fp32") for size in (12, 5)]
    one, other = (Causal(Model("tiny", tiny_llama, "folder"), each, "en")(SOME, 2, seed=1) for each in settings)
    assert one == other


def test_bfloat16_rounds_some_questions_into_others(tiny_t5: Path) -> None:
    whole, parts = (_t5(tiny_t5, batch_size=size, precision="bf16")(MANY, 3, seed=1) for size in (24, 5))
    pairs = list(zip(chain(*whole), chain(*parts), strict=True))
    assert sum(one == other for one, other in pairs) >= 0.9 * len(pairs)


class Cramped(Seq2Seq):
    """A real generator on a machine with room for six sequences: more ask for more memory than there is."""

    def _generate(self, passages: Sequence[Document], streams: Sequence[Iterator[float]]) -> list[str]:
        torch.empty(1 << (60 if len(streams) > 6 else 10), dtype=torch.uint8)
        return super()._generate(passages, streams)


def test_memory_that_runs_out_costs_time_and_no_question(tiny_t5: Path) -> None:
    generator = _t5(tiny_t5, precision="fp32")
    cramped = Cramped(generator.model, generator.settings)
    assert cramped(MANY[:8], 3, seed=1) == generator(MANY[:8], 3, seed=1)
    with pytest.raises(RuntimeError, match="can't allocate memory"):
        cramped(MANY, 7, seed=1)  # one passage alone is too much


def test_draws_follow_the_probabilities_of_the_nucleus() -> None:
    """Of 0.4, 0.3, 0.2 and 0.1, top_k 3 leaves three, and top_p 0.7 of these the first two: 4/7 and 3/7."""
    probabilities = torch.tensor([[0.1, 0.4, 0.2, 0.3]])
    drawn: Counter[int] = Counter()
    for place in range(700):
        draws = Draws(Generate(top_k=3, top_p=0.7), [iter([place / 700])])
        left = draws(torch.zeros(1, 1), probabilities.log())
        assert torch.isinf(left).sum() == 3
        drawn[int(left.argmax())] += 1
    assert {token: pytest.approx(count, abs=1) for token, count in drawn.items()} == {1: 400, 3: 300}


def test_temperature_flattens_and_every_sequence_draws_by_its_own_numbers() -> None:
    scores = torch.tensor([[0.8, 0.2], [0.8, 0.2]]).log()

    def tokens(temperature: float, *numbers: float) -> list[int]:
        streams = [iter(repeat(number)) for number in numbers]
        drawn: list[int] = Draws(Generate(temperature=temperature, top_p=1), streams)(scores, scores).argmax(1).tolist()
        return drawn

    assert tokens(1.0, 0.79, 0.81) == [0, 1]
    assert tokens(2.0, 0.66, 0.67) == [0, 1]  # the square roots stand as 2 to 1
    assert list(zip(stream(1, "a", 0), range(3), strict=False)) != list(zip(stream(1, "a", 1), range(3), strict=False))


def test_unwanted_words_are_not_generated(tiny_t5: Path) -> None:
    words = Counter(word for asked in _t5(tiny_t5)(MANY[:8], 4, 1) for question in asked for word in question.split())
    often = tuple(word for word, _ in words.most_common(5))
    asked = _t5(tiny_t5, must_not=often)(MANY[:8], 4, 1)
    assert all(asked)
    assert not [question for questions in asked for question in questions for word in often if contains(question, word)]


def test_passages_are_asked_again_for_questions_with_a_wanted_word(tiny_t5: Path) -> None:
    free = [question for asked in _t5(tiny_t5, precision="fp32")(MANY[:8], 2, 1) for question in asked]
    wanted = Counter(word for question in free for word in question.split()).most_common(1)[0][0]
    by_passage = _t5(tiny_t5, must=(wanted,), precision="fp32")(MANY[:8], 2, 1)
    asked = [question for questions in by_passage for question in questions]
    lucky = Words((wanted,)).allowed(free)
    assert len(asked) > len(lucky)
    assert set(lucky) <= set(asked)
    assert all(contains(question, wanted) for question in asked)
    assert max(map(len, by_passage)) == 2


def test_the_tokens_of_unwanted_words(tiny_t5: Path) -> None:
    tokenizer = _t5(tiny_t5)._loaded[0]
    spelt = {tokenizer.decode(ids).strip() for ids in unwanted_ids(tokenizer, ["salt"]) or []}
    assert {"salt", "Salt"} <= spelt
    assert unwanted_ids(tokenizer, []) is None


def test_weights_are_bfloat16_where_the_machine_multiplies_it(tiny_t5: Path) -> None:
    wanted = torch.bfloat16 if has_bf16(sampling.best_device()) else torch.float32
    for precision, dtype in (("auto", wanted), ("bf16", torch.bfloat16), ("fp32", torch.float32)):
        model = _t5(tiny_t5, precision=precision)._loaded[1]
        assert model.get_input_embeddings().weight.dtype == dtype


def test_a_language_may_have_its_own_prompt(tiny_llama: Path) -> None:
    settings = Generate(prompt="Ask: {text}", prompts={"de": "Frage auf {language}: {text}"})
    of = {
        lang: Causal(Model("tiny", tiny_llama, "folder"), settings, lang)._prompt(PASSAGES[1]) for lang in ("de", "fr")
    }
    assert of["de"].startswith("Frage auf German: rye")
    assert of["fr"].startswith("Ask: rye")


def test_extraction_takes_spans_with_the_wanted_words() -> None:
    bread = Document("b", "Rye holds little gluten, it is sticky. Salt slows the yeast a bit. It rests for one hour.")
    asked = Extract.of("en", [bread], Words(must=("SALT",)))([bread], 6, 0)[0]
    assert "Salt slows the yeast a bit." in asked
    assert "Rye holds little gluten Salt" in asked  # the key phrase, too
    assert all(contains(question, "salt") for question in asked)
    without = Extract.of("en", [bread], Words(must_not=("salt", "rye")))([bread], 5, 0)[0]
    assert "It rests for one hour." in without
    assert not any(contains(question, word) for question in without for word in ("salt", "rye"))


def test_each_language_has_its_published_generator_or_is_extracted(home: Path, tiny_t5: Path) -> None:
    assert len(DOC2QUERY) >= 15
    assert DOC2QUERY["en"] == "doc2query/msmarco-t5-base-v1"
    assert DOC2QUERY["ar"] == "doc2query/msmarco-arabic-mt5-base-v1"
    assert DOC2QUERY["sv"] == "doc2query/msmarco-14langs-mt5-base-v1"
    assert generate.model_of("sw", Generate(generator="seq2seq")) is None
    own = generate.model_of("sw", Generate(generator="seq2seq", model=str(tiny_t5)))
    assert own and own.folder == tiny_t5
    share = Shares("sw", [], [], [Document("x", "maandishi")])
    assert isinstance(generate.make_generator(share, None, Generate(generator="seq2seq")), Extract)
    for wrong in (Generate(generator="seq2seq"), Generate(generator="seq2seq", models={"de": "no/such"})):
        with pytest.raises(
            BakehouseError, match=r"not to be had.*generate.models.de, or set generate.generator=extract"
        ):
            generate.model_of("de", wrong)
    with pytest.raises(BakehouseError, match=r"no instruction model for 'de'.*generate.models.de"):
        generate.model_of("de", Generate(generator="causal"))
