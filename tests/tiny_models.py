"""Real models, only very small: two layers of random weights, tokenizers made from the tiny corpus."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from tokenizers.normalizers import Normalizer
    from tokenizers.pre_tokenizers import PreTokenizer
    from transformers import PreTrainedTokenizerBase

SEED = 13
HIDDEN = 32
MAX_LENGTH = 64
BERT_SPECIALS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
T5_SPECIALS = ["<pad>", "</s>", "<unk>"]


def save_bert(folder: Path, sentences: Sequence[str]) -> Path:
    """Save a sentence-transformers model: BERT, mean pooling, unit length; 32 dimensions, 64 tokens."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Normalize, Pooling, Transformer
    from transformers import BertModel

    weights = folder.with_name(folder.name + "-weights")
    tokenizer = _bert_tokenizer(sentences)
    _seeded(BertModel, _bert_config(len(tokenizer))).save_pretrained(weights)
    tokenizer.save_pretrained(weights)
    transformer = Transformer(str(weights), max_seq_length=MAX_LENGTH)
    modules = [transformer, Pooling(HIDDEN, pooling_mode="mean"), Normalize()]
    SentenceTransformer(modules=modules, device="cpu").save_pretrained(str(folder), create_model_card=False)
    return folder


def save_cross_encoder(folder: Path, sentences: Sequence[str]) -> Path:
    """Save a BERT that gives one logit for a pair of texts, as cross-encoders do."""
    from transformers import BertForSequenceClassification

    tokenizer = _bert_tokenizer(sentences)
    _seeded(BertForSequenceClassification, _bert_config(len(tokenizer), num_labels=1)).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def save_t5(folder: Path, sentences: Sequence[str]) -> Path:
    """Save a T5 for generation, with a Unigram tokenizer as T5 has it."""
    from transformers import PreTrainedTokenizerFast, T5Config, T5ForConditionalGeneration

    tokenizer = _unigram(sentences)
    config = T5Config(
        vocab_size=tokenizer.get_vocab_size(),
        d_model=HIDDEN,
        d_kv=16,
        d_ff=64,
        num_layers=2,
        num_heads=2,
        pad_token_id=T5_SPECIALS.index("<pad>"),
        eos_token_id=T5_SPECIALS.index("</s>"),
        decoder_start_token_id=T5_SPECIALS.index("<pad>"),
    )
    _seeded(T5ForConditionalGeneration, config).save_pretrained(folder)
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="<pad>",
        eos_token="</s>",
        unk_token="<unk>",
        model_max_length=MAX_LENGTH,
    )
    fast.save_pretrained(folder)
    return folder


def _seeded(kind: Any, config: Any) -> Any:
    import torch

    torch.manual_seed(SEED)
    return kind(config).eval()


def _bert_config(pieces: int, **more: Any) -> Any:
    from transformers import BertConfig

    return BertConfig(
        vocab_size=pieces,
        hidden_size=HIDDEN,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=MAX_LENGTH,
        **more,
    )


def _bert_tokenizer(sentences: Sequence[str]) -> PreTrainedTokenizerBase:
    from transformers import PreTrainedTokenizerFast

    return PreTrainedTokenizerFast(
        tokenizer_object=_wordpiece(sentences),
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
        model_max_length=MAX_LENGTH,
        model_input_names=["input_ids", "token_type_ids", "attention_mask"],
    )


def _wordpiece(sentences: Sequence[str]) -> Tokenizer:
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

    normalizer = normalizers.BertNormalizer(lowercase=True)
    splitter = pre_tokenizers.BertPreTokenizer()
    words = _counted(sentences, normalizer, splitter)
    letters = sorted({letter for word in words for letter in word})
    pieces = [*BERT_SPECIALS, *letters, *(f"##{letter}" for letter in letters), *(w for w in words if len(w) > 1)]
    tokenizer = Tokenizer(models.WordPiece({piece: i for i, piece in enumerate(pieces)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = splitter
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[(name, BERT_SPECIALS.index(name)) for name in ("[CLS]", "[SEP]")],
    )
    return tokenizer


def _unigram(sentences: Sequence[str]) -> Tokenizer:
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

    normalizer = normalizers.NFKC()
    splitter = pre_tokenizers.Metaspace()
    words = _counted(sentences, normalizer, splitter)
    total = sum(words.values())
    letters = sorted({letter for word in words for letter in word} - words.keys())
    scored = [(word, math.log(count / total)) for word, count in words.items()]
    unlikely = [(letter, math.log(0.1 / total)) for letter in letters]
    specials = [(name, 0.0) for name in T5_SPECIALS]
    tokenizer = Tokenizer(models.Unigram([*specials, *scored, *unlikely], unk_id=T5_SPECIALS.index("<unk>")))
    tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = splitter
    tokenizer.decoder = decoders.Metaspace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="$A </s>", pair="$A </s> $B </s>", special_tokens=[("</s>", T5_SPECIALS.index("</s>"))]
    )
    return tokenizer


def _counted(sentences: Sequence[str], normalizer: Normalizer, splitter: PreTokenizer) -> dict[str, int]:
    """Words and how often they occur, in alphabetical order.

    The trainers of the tokenizers library number equally frequent pieces anew in every process,
    and exact numbers in tests need the same ids each time.
    """
    counts = Counter(
        word for text in sentences for word, _ in splitter.pre_tokenize_str(normalizer.normalize_str(text))
    )
    return dict(sorted(counts.items()))
