"""Which column plays which role: guessed from names and contents, with the evidence, or as told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from retrieval.convert.columns import Column, columns_in
from retrieval.convert.names import ROLES, take_apart
from retrieval.convert.options import NO_COLUMN, Options
from retrieval.convert.rows import Row
from retrieval.errors import BakehouseError, nearest

_SENTENCE = 20
"""Characters on average from which a column whose name says nothing may be the text."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The column of a role, and why, as a sentence."""

    role: str
    column: str
    evidence: str


@dataclass(frozen=True, slots=True)
class Variant:
    """The columns of one language, where a row says the same in several (``text_en``, ``text_fr``).

    :param lang: From the columns' names; empty where they do not say.
    """

    lang: str
    text: str
    title: str = ""
    query: str = ""


@dataclass(frozen=True)
class Mapping:
    """The roles of a source's columns.

    :param variants: At least one; each makes a document of every row.
    :param unused: Columns without a role, which are left out.
    """

    choices: tuple[Choice, ...]
    variants: tuple[Variant, ...]
    unused: tuple[str, ...] = ()

    def column(self, role: str) -> str:
        """The column that has a role, or an empty string."""
        return self.roles.get(role, "")

    @cached_property
    def roles(self) -> dict[str, str]:
        """Role → column."""
        return {choice.role: choice.column for choice in self.choices}

    @cached_property
    def columns(self) -> tuple[dict[str, str], ...]:
        """For each variant, role → column, empty where there is none."""
        same = {role: self.column(role) for role in ("id", "lang", "query_id", "score")}
        return tuple(same | {"text": each.text, "title": each.title, "query": each.query} for each in self.variants)


class NoTextFound(BakehouseError):
    """No column of a source can be the text, until a person says which one is.

    :param rows: The sample, to choose from.
    """

    def __init__(self, sentence: str, rows: Sequence[Row]) -> None:
        super().__init__(sentence)
        self.rows = rows


def guess(rows: Sequence[Row], source: str, options: Options) -> Mapping:
    """Give columns their roles.

    :param rows: A sample from the start of the source.
    :param source: Its name, for messages.
    :raises BakehouseError: if a column that was asked for is not there.
    :raises NoTextFound: if none can be the text.
    """
    guesser = _Guesser(columns_in(rows), options)
    guesser.check(source)
    chosen = guesser.choose()
    if "text" not in chosen:
        raise NoTextFound(_no_text(source, [column.name for column in guesser.columns]), rows)
    variants = _variants(chosen, guesser.columns, options)
    used = {name for variant in variants for name in (variant.text, variant.title, variant.query)}
    used |= {choice.column for choice in chosen.values()} | set(options.keep)
    choices = tuple(chosen[role] for role in ROLES if role in chosen) + _told_apart(variants[1:])
    return Mapping(choices, variants, tuple(column.name for column in guesser.columns if column.name not in used))


class _Guesser:
    """Fills the roles one after the other; a column has one role at most."""

    def __init__(self, columns: list[Column], options: Options) -> None:
        self.columns = columns
        self.options = options
        self.chosen: dict[str, Choice] = {}

    def check(self, source: str) -> None:
        """:raises BakehouseError: if a column that was named is not there."""
        names = [column.name for column in self.columns]
        for name in (*self.options.columns.values(), *self.options.keep):
            if name != NO_COLUMN and name not in names:
                found = ", ".join(names)
                raise BakehouseError(f"{source} has no column '{name}': it has {found}.{nearest(name, names)}")

    def choose(self) -> dict[str, Choice]:
        """Role → choice, for the roles that a column has."""
        for role, name in self.options.columns.items():
            if name != NO_COLUMN:
                self.chosen[role] = Choice(role, name, "you chose it")
        self._named("lang", lambda column: column.languages)
        self._named("query", lambda column: column.words)
        if not self._named("text", lambda column: column.words) and not self._answers_as_text():
            self._longest_as_text()
        if "query" in self.chosen:
            self._named("query_id")
            self._named("answer")
            self._named("score", lambda column: column.grades)
        self._named("id", lambda column: column.usual("id") or column.distinct)
        self._named("title", lambda column: column.words and column.mean_length <= 300)
        self._id_of_question()
        return self.chosen

    def _free(self, role: str) -> list[Column]:
        """The columns that may still take a role, if nobody has filled it or forbidden it."""
        if role in self.options.columns or role in self.chosen:
            return []
        taken = {choice.column for choice in self.chosen.values()}
        stems = {take_apart(name).stem for name in taken}
        free = [column for column in self.columns if column.name not in taken]
        return [column for column in free if not column.parts.lang or column.parts.stem not in stems]

    def _best(self, role: str, names: str, fits: Callable[[Column], bool]) -> Column | None:
        """The column whose name fits best; of those that differ in language only, the first."""
        free = [column for column in self._free(role) if column.rank(names) and fits(column)]
        best = min(free, key=lambda column: column.rank(names) or (), default=None)
        return best and next(column for column in free if column.parts.stem == best.parts.stem)

    def _named(self, role: str, fits: Callable[[Column], bool] = lambda column: True) -> bool:
        column = self._best(role, role, fits)
        if column:
            how = "is a usual name for" if column.usual(role) else "ends like a usual name for"
            self.chosen[role] = Choice(role, column.name, f"'{column.name}' {how} {ROLES[role]}{_looks(role, column)}")
        return role in self.chosen

    def _answers_as_text(self) -> bool:
        column = self._best("text", "answer", lambda column: column.words) if "query" in self.chosen else None
        if column:
            evidence = f"there is no text but '{column.name}', so the answers are the passages{_looks('text', column)}"
            self.chosen["text"] = Choice("text", column.name, evidence)
        return column is not None

    def _longest_as_text(self) -> None:
        candidates = [c for c in self._free("text") if c.words and c.mean_length >= _SENTENCE and not c.rank("title")]
        if candidates:
            column = max(candidates, key=lambda each: each.mean_length)
            evidence = f"no name says so, but '{column.name}' has the longest values{_looks('text', column)}"
            self.chosen["text"] = Choice("text", column.name, evidence)

    def _id_of_question(self) -> None:
        """Rows of (context, question, answer) are questions: contexts repeat, and the id is the question's."""
        open_to_guess = not {"query_id", "id"} & set(self.options.columns) and "query_id" not in self.chosen
        if not open_to_guess or not {"query", "answer", "id"} <= set(self.chosen):
            return
        column = self.chosen.pop("id").column
        evidence = (
            f"each row is a question, so '{column}' is its id; passages get ids of their own, equal ones are merged"
        )
        self.chosen["query_id"] = Choice("query_id", column, evidence)


def _looks(role: str, column: Column) -> str:
    """What the sample's values say for the choice."""
    if role in ("text", "title", "query"):
        return f" ({column.mean_length:.0f} characters on average)"
    if role in ("id", "query_id") and column.distinct:
        return " (no two rows share a value)"
    return f" (such as {', '.join(sorted(set(column.values))[:3])})" if role in ("lang", "score") else ""


def _variants(chosen: dict[str, Choice], columns: Sequence[Column], options: Options) -> tuple[Variant, ...]:
    """The chosen columns, and their like in other languages, unless the person chose the text."""
    names: dict[str, str] = {role: chosen[role].column for role in ("text", "title", "query") if role in chosen}
    text = take_apart(names["text"])
    first = _sibling(names, text.lang, columns) if text.lang else Variant("", *_in_order(names))
    told = {role: name for role, name in names.items() if role in options.columns}
    languages = [] if "text" in told else _languages(text.stem, columns)
    others = (_sibling(names, lang, columns) for lang in languages)
    return (replace(first, **told), *(variant for variant in others if variant.text != first.text))


def _in_order(names: dict[str, str]) -> tuple[str, str, str]:
    return names["text"], names.get("title", ""), names.get("query", "")


def _languages(stem: str, columns: Sequence[Column]) -> list[str]:
    """The languages in which there is a text column of this stem."""
    return [column.parts.lang for column in columns if column.words and column.parts.stem == stem and column.parts.lang]


def _sibling(names: dict[str, str], lang: str, columns: Sequence[Column]) -> Variant:
    """The columns of another language; a title that is the same in all stays."""
    found = {}
    for role, name in names.items():
        wanted = take_apart(name)
        siblings = [c.name for c in columns if c.parts.stem == wanted.stem and c.parts.lang == lang]
        found[role] = siblings[0] if siblings else ("" if wanted.lang else name)
    return Variant(lang, *_in_order(found))


def _told_apart(variants: Sequence[Variant]) -> tuple[Choice, ...]:
    evidence = "'{}' is the same in {}, so each row makes a document in each language"
    return tuple(
        Choice(f"text ({variant.lang})", variant.text, evidence.format(variant.text, variant.lang))
        for variant in variants
    )


def _no_text(source: str, columns: list[str]) -> str:
    found = ", ".join(columns) or "no columns at all"
    example = min(columns, key=lambda name: (take_apart(name).stem not in ("text", "title"), columns.index(name)))
    return (
        f"{source}: no column looks like the text. It has {found}. "
        f"Say which one it is, for instance --text {example!r}."
    )
