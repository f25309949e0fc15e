"""Every setting of a training run, defined once.

Defaults stand here and nowhere else. :mod:`training.settings` reads them from flags, environment, file
and preset; :mod:`training.presets` holds the presets.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from retrieval.models import DEFAULT

LossName = Literal[
    "auto", "margin-mse", "distill-kl", "mnrl", "cached-mnrl", "cosent", "cosine", "triplet", "batch-hard-triplet",
    "batch-semi-hard-triplet", "batch-all-triplet", "contrastive", "mse", "similarity-kl", "tsdae",
]  # fmt: skip
"""The losses by name; :mod:`training.fitting.losses` says which data each wants."""


class Section(BaseModel):
    """A frozen group of settings that refuses unknown names."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Split(Section):
    """Which languages are trained on, and which documents are kept out."""

    languages: tuple[str, ...] = Field((), description="Train on these languages only; all if empty")
    max_passages: int = Field(2000, ge=1, description="Passages a language that questions are made from, at most")
    balance: Literal["natural", "root", "equal"] = Field(
        "natural",
        description="How many passages each language gives: as many as it has, by the square root of it, or as the smallest",
    )
    dev_share: float = Field(
        0.1,
        gt=0,
        lt=1,
        description="Share of passages kept out of training to judge by, where there are no dev judgments",
    )
    held_out: bool = Field(
        True,
        description="Where the judgments were divided by document, keep the documents of dev and test, with all their "
        "passages, out of training; false trains on all, as GPL does",
    )
    seed: int = Field(13, description="Draws the passages")


class Generate(Section):
    """Questions for passages: the stage that replaces labels."""

    generator: Literal["extract", "seq2seq", "causal", "bring"] = Field(
        "extract",
        description="extract takes sentences and key phrases, needing no model; seq2seq is doc2query; causal is an "
        "instruction model; bring takes the questions of generate.source",
    )
    source: str = Field("", description="Questions of your own: a BEIR folder, or a folder of the GPL toolkit")
    model: str = Field("", description="Generator for languages that have none of their own in generate.models")
    models: dict[str, str] = Field(
        {},
        description="Language code → generator model. Where none is named, seq2seq takes the published doc2query model "
        "of the language, or extracts if there is none",
    )
    queries_per_passage: int = Field(
        3, ge=0, le=50, description="Questions made from each passage; 0 follows the corpus size as GPL does"
    )
    prompt: str = Field(
        "Write one short search question, in {language}, that the following text answers. Text: {text}\nQuestion:",
        description="What a causal generator is asked; {language} and {text} are filled in",
    )
    prompts: dict[str, str] = Field({}, description="Language code → prompt, where it differs")
    must: tuple[str, ...] = Field((), description="Each question must contain one of these words")
    must_not: tuple[str, ...] = Field((), description="No question may contain any of these words")
    max_passage_tokens: int = Field(350, ge=16, description="A passage is cut here before the generator reads it")
    max_query_tokens: int = Field(64, ge=4, description="A question is cut here")
    temperature: float = Field(1.0, gt=0, description="Sampling temperature of the generator")
    top_k: int = Field(25, ge=1, description="Each token is drawn from so many of the likeliest, 25 in GPL")
    top_p: float = Field(0.95, gt=0, le=1, description="Nucleus sampling share (Holtzman et al., 2020)")
    precision: Literal["auto", "fp32", "bf16"] = Field(
        "auto",
        description="auto: bf16 where the hardware has it. fp32 asks the same questions at any batch size; bf16 rounds so "
        "much that a few of a hundred come out differently",
    )
    batch_size: int = Field(
        32, ge=1, description="Passages asked at once, halved when memory runs out; no part of the result's key"
    )
    seed: int = Field(13, description="Seeds the sampling, so that two runs ask the same")


class Filter(Section):
    """Which questions are kept."""

    copies: bool = Field(True, description="Drop generated questions that stand verbatim in their passage")
    wrong_language: bool = Field(True, description="Drop questions that are surely in another language")
    round_trip: int = Field(
        0, ge=0, description="Drop questions whose passage is not among the first so many found; 0 keeps all"
    )
    retriever: str = Field("bm25", description="Who looks for the passage: bm25, base, or a model name")


class Mine(Section):
    """Hard negatives: passages that look right and are not the source of the question."""

    retrievers: tuple[str, ...] = Field(
        ("bm25", "base"), min_length=1, description="Who looks: bm25, base (the model being tuned), or model names"
    )
    depth: int = Field(50, ge=1, description="How far down each ranking")
    skip: int = Field(0, ge=0, description="Leave out the first ranks, where unmarked right answers gather")
    negatives: int = Field(8, ge=1, description="Negatives kept for each question, drawn over all retrievers")
    ceiling: float = Field(
        0.95,
        gt=0,
        description="Drop a candidate whose dense score exceeds this share of the source passage's: it may be right too",
    )
    margin: float = Field(
        0.0,
        ge=0,
        description="Drop a candidate whose dense score is not lower than the source passage's by this much; 0 drops none",
    )
    memory_mb: int = Field(
        64, ge=1, description="Room for the scores held at once; no part of the result's key, which it does not change"
    )
    seed: int = Field(13, description="Draws the negatives")


class Label(Section):
    """A teacher scores question and passage; the student learns the differences."""

    kind: Literal["none", "cross-encoder", "bi-encoder"] = Field(
        "none", description="What the teacher is; none trains by contrast"
    )
    teacher: str = Field("", description="The teacher's model name; in an ensemble base is the model being tuned")
    teachers: dict[str, str] = Field({}, description="Language code → teacher, where it differs")
    ensemble: tuple[str, ...] = Field(
        (), description="Further bi-encoders whose vectors are joined to the teacher's (fit.loss mse or similarity-kl)"
    )
    max_length: int = Field(512, ge=16, description="Tokens of a question and passage that a cross-encoder reads")
    ceiling: float = Field(
        0.0,
        ge=0,
        description="Drop a negative that the teacher scores less than this many logits below the source passage; 0 keeps all",
    )
    batch_size: int = Field(
        32, ge=1, description="Pairs scored at once, halved when memory runs out; no part of the result's key"
    )


class Fit(Section):
    """The training itself."""

    loss: LossName = Field(
        "auto", description="auto: what the shape of the data allows; see `python -m training losses`"
    )
    data: str = Field(
        "",
        description="Pairs, triplets or texts of your own: CSV, TSV, JSON Lines or Parquet, a BEIR folder with train "
        "judgments, or a folder of the GPL toolkit with its labelled triples; `python -m training losses FILE` says what is made of it",
    )
    data_only: bool = Field(False, description="Train on fit.data alone, without generated questions")
    matryoshka: tuple[int, ...] = Field(
        (), description="Also train these shorter dimensions (Kusupati et al., 2022), largest first"
    )
    trainable: Literal["top", "all", "head", "lora"] = Field(
        "top",
        description="What learns: the top layers, all, a dense layer on frozen features, or LoRA adapters; the last two "
        "want a higher fit.learning_rate, about 1e-3 and 1e-4",
    )
    top_layers: int = Field(2, ge=1, description="How many layers learn when trainable is top")
    lora_rank: int = Field(16, ge=1, description="Rank of the LoRA adapters (Hu et al., 2021)")
    lora_alpha: int = Field(
        32, ge=1, description="Scale of the LoRA adapters: their work is multiplied by this over the rank"
    )
    freeze_embeddings: bool = Field(True, description="Leave the word embeddings as they are; head and lora always do")
    dropout: bool = Field(
        True, description="Drop activations by chance in what learns; an exact target, such as a vector, wants none"
    )
    epochs: float = Field(1.0, gt=0, description="Passes over the training pairs")
    max_steps: int = Field(0, ge=0, description="Stop after this many steps; 0 for no limit")
    batch_size: int = Field(
        16,
        ge=0,
        description="Rows a batch, of all processes together; 0 finds the largest that fits, up to a step of half a minute",
    )
    accumulate: int = Field(
        1, ge=1, description="Batches whose gradients are added before the weights move: together one step"
    )
    negatives: int = Field(
        1,
        ge=0,
        description="Mined negatives beside each question; of margin-mse each is a row of its own, and all of them train",
    )
    learning_rate: float = Field(2e-5, gt=0, description="Peak of the linear schedule")
    warmup: float = Field(0.1, ge=0, lt=1, description="Share of the steps that the learning rate climbs")
    weight_decay: float = Field(0.0, ge=0, description="AdamW's decoupled weight decay")
    temperature: float = Field(0.02, gt=0, description="Softmax temperature of mnrl, cached-mnrl and distill-kl")
    max_length: int = Field(256, ge=8, description="Tokens of a passage that training reads")
    precision: Literal["auto", "fp32", "tf32", "bf16", "fp16"] = Field(
        "auto",
        description="What a step is computed in; auto: bf16 where the hardware has it, else fp32; fp16 and tf32 need a GPU",
    )
    gradient_checkpointing: bool = Field(False, description="Forget activations and compute them again: less memory")
    optimizer: Literal["adamw", "adamw-fused", "adafactor", "adamw-8bit"] = Field(
        "adamw", description="adamw-8bit needs the package bitsandbytes and a GPU"
    )
    workers: int = Field(0, ge=0, description="Processes that prepare batches")
    processes: int = Field(1, ge=1, description="Processes that train together, one a GPU (accelerate launch)")
    average: float = Field(
        1.0, gt=0, le=1, description="Share of the tuned weights in each checkpoint; the rest is the base model's"
    )
    log_every: int = Field(1, ge=1, description="Steps between two points of the loss curve")
    seed: int = Field(13, description="Seeds the order of the batches")


class Evaluate(Section):
    """How the checkpoints are judged while training goes on."""

    times: int = Field(5, ge=1, description="Evaluations spread evenly over the run, beside the one before it")
    every: float = Field(
        0.0, ge=0, description="Evaluate at this share of the run (below 1) or each so many steps; 0: times"
    )
    share: float = Field(
        0.1,
        gt=0,
        description="The evaluations take at most this share of the steps' time: fewer documents are ranked, and some "
        "evaluations left out, where they would take more; the last never is",
    )
    patience: int = Field(0, ge=0, description="Stop after so many evaluations without a better one; 0 never stops")
    mode: Literal["hybrid", "dense"] = Field(
        "hybrid",
        description="The ranking that decides which checkpoint is best; BM25's own does not depend on the model",
    )
    weight: float = Field(0.5, ge=0, le=1, description="Share of the dense side in the hybrid")
    max_queries: int = Field(1000, ge=1, description="Dev questions used, drawn by seed")
    max_documents: int = Field(
        5000, ge=1, description="Documents ranked on dev: those judged for the questions, filled up by draw"
    )
    test: bool = Field(True, description="After the run, judge base and best on the test split, if there is one")
    seed: int = Field(13, description="Draws questions and documents")


class Checkpoints(Section):
    """What stays on disk."""

    keep: int = Field(1, ge=1, description="Latest checkpoints kept; the last one can be resumed from")
    best: int = Field(1, ge=1, description="Best checkpoints kept beside them")
    every: float = Field(0.0, ge=0, description="Also save at this share of the run (below 1) or each so many steps")
    spare_gb: float = Field(0.5, ge=0, description="Disk left free: the run pauses rather than fill it")
    push: str = Field(
        "",
        pattern=r"^$|^[\w.-]+/[\w.-]+$",
        description="Hub repository (OWNER/NAME) that each kept checkpoint is pushed to, private if new; none if empty",
    )


class Track(Section):
    """Trackers beside the run's own files; the page never needs one."""

    to: tuple[Literal["wandb", "trackio", "tensorboard"], ...] = Field(
        (), description="Where numbers go too; wandb is also on with WANDB_API_KEY or WANDB_MODE=offline"
    )
    project: str = Field("bakehouse", description="The project's name there")


class Recipe(Section):
    """A whole run: corpus, base model and the settings of every stage."""

    corpus: str = Field(description="A BEIR folder, or the name of one in the workspace")
    base: str = Field(DEFAULT, description="The model to tune")
    preset: Literal["quick", "ensemble", "gpl", "small"] = Field(
        "quick", description="Which set of settings the recipe started from"
    )
    split: Split = Split()
    generate: Generate = Generate()
    filter: Filter = Filter()
    mine: Mine = Mine()
    label: Label = Label()
    fit: Fit = Fit()
    evaluate: Evaluate = Evaluate()
    checkpoints: Checkpoints = Checkpoints()
    track: Track = Track()
