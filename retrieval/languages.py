"""Which language a text is in, and which documents belong to which language.

Identification is lingua's (75 languages, offline). Its large models take 5 s and 900 MB together, so
only those of languages in question are loaded: a first look with the small ones (0.1 s, 90 MB) finds
the few that short texts may be in. Nothing is loaded where the script decides (Thai, Korean, Greek).
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from retrieval.records import UNKNOWN, Document

if TYPE_CHECKING:
    from lingua import Language, LanguageDetector

Weights = Mapping[str, float]

LEAD = 500
"""Characters of a text that are looked at; more of them change next to nothing."""

LONG = 160
"""Characters from which lingua's small trigram models say the same as its large ones, ten times sooner."""

CLEAR = 1.5
"""How many times likelier than the second language the first must be to be named.

Measured on Tatoeba sentences (median 30 characters) of the 30 most spoken languages that both know,
macro average: at 1.0, 100 % are named and 95.2 % of these rightly; at 1.5, 91.4 % and 98.0 %; at 2.0,
86.9 % and 98.7 %. Over all 64 common languages 1.5 gives 86.8 % and 96.3 %; most of the unnamed are
Malay or Indonesian, the Norwegians, and Croatian, Bosnian or Serbian.
"""

LIKELY = 0.005
"""The share of a batch of short texts that a language must have in the first look to get a second."""

OBVIOUS = 0.7
"""The confidence with which one text of the batch is enough for that.

Over the sentences named above, in batches of 1,000, the first look changes no figure by more than .004, even
for ten sentences of one language among 990 English ones; a batch in one language takes 0.4 s for 7 s.
"""

RARE = 0.25
"""What a language's confidence is multiplied by where it is not expected; see :func:`weights_of`.

With the languages of the corpus known, 90 % of CACM's terse titles are named English, for 74 % without; with
that of the passage known, 99 % of XQuAD's questions are named rightly, for 97 %, and of Indonesian ones 96 %,
for 44 %. Where the passage is in another, far language than the question, 92 % are still named rightly.
"""

ENOUGH = 20
"""Named texts from which the languages of a corpus say something about its other texts."""

_NOT_LANGUAGE = re.compile(r"https?://\S+|www\.\S+|<[^<>]{1,400}>|&#?\w{1,8};|[@#]\w+")
_OF_SCRIPT = {
    "KHMER": "km", "LAO": "lo", "MYANMAR": "my", "SINHALA": "si", "KANNADA": "kn", "MALAYALAM": "ml",
    "ORIYA": "or", "ETHIOPIC": "am", "TIBETAN": "bo", "THAANA": "dv",
}  # fmt: skip
_ALIASES = {"no": "nb", "iw": "he", "in": "id", "ji": "yi", "sh": "hr", "fil": "tl"}
_THREE_LETTERS = {
    "km": "khm", "lo": "lao", "my": "mya", "si": "sin", "kn": "kan", "ml": "mal", "or": "ori", "am": "amh", "bo": "bod",
    "dv": "div",
}  # fmt: skip
"""ISO 639-3 of the languages above; lingua knows that of its own."""
_ENGLISH = {"nb": "Norwegian"}
"""Names that people use where lingua has another."""
_CODE = re.compile(r"[a-z]{2,3}")


def code_of(name: str) -> str | None:
    """The code of a language however it is written, or None where the name is unknown.

    ISO 639-1 where lingua knows the language, else the code as it stands.

    >>> code_of("EN"), code_of("en_US"), code_of("deu_Latn"), code_of("German"), code_of("ceb"), code_of("?")
    ('en', 'en', 'de', 'de', 'ceb', None)
    """
    first = re.split(r"[-_]", name.strip().lower(), maxsplit=1)[0]
    return _codes_by_name().get(first) or (first if _CODE.fullmatch(first) else None)


def name_of(code: str) -> str:
    """The English name of a language code, or the code itself where it is unknown.

    >>> name_of("de"), name_of("nb"), name_of("zz")
    ('German', 'Norwegian', 'zz')
    """
    known = code_of(code) or ""
    language = _languages_by_code().get(known)
    return _ENGLISH.get(known, language.name.capitalize()) if language else code


def iso_639_3(code: str) -> str:
    """The three letters of a language code, or the code itself where it is unknown.

    >>> iso_639_3("de"), iso_639_3("zh-Hant"), iso_639_3("km"), iso_639_3("ceb")
    ('deu', 'zho', 'khm', 'ceb')
    """
    known = code_of(code) or code
    language = _languages_by_code().get(known)
    return language.iso_code_639_3.name.lower() if language else _THREE_LETTERS.get(known, known)


def known_codes() -> frozenset[str]:
    """The codes of the languages that :func:`identify` can name by their words."""
    return frozenset(_codes_by_name().values())


@dataclass(frozen=True, slots=True)
class Look:
    """What a text's words and script say about its language.

    :param values: The languages it may be in with their confidence, best first; none if none fits.
    :param letters: Whether it has any.
    """

    values: Sequence[tuple[str, float]]
    letters: bool

    def language(self, weights: Weights) -> str:
        """The language that is clearly likelier than the others, or ``"und"``."""
        values = self.values
        if weights:
            values = sorted(((code, value * weights.get(code, RARE)) for code, value in values), key=lambda v: -v[1])
        second = values[1][1] if len(values) > 1 else 0.0
        return values[0][0] if values and values[0][1] >= CLEAR * second else UNKNOWN


def identify(
    texts: Sequence[str], candidates: Iterable[str] | None = None, weights: Sequence[Weights] | None = None
) -> list[str]:
    """Name the language of each text.

    :param candidates: The only languages to choose from; all that lingua knows if None.
    :param weights: For each text what is known beforehand: its languages' weights, those not named
        weighing ``RARE``. A question about a German passage has ``{"de": 1.0}``; an empty mapping
        says nothing.
    :return: One code a text; ``"und"`` where it is too short, has no letters, or two languages are
        nearly as likely.
    """
    looks = look_at(texts, candidates)
    return [look.language(known) for look, known in zip(looks, weights or [{}] * len(texts), strict=True)]


def look_at(texts: Sequence[str], candidates: Iterable[str] | None = None) -> list[Look]:
    """What :func:`identify` decides by, and what takes its time: weights need no second look.

    :param candidates: See :func:`identify`.
    """
    among = None if candidates is None else tuple(sorted(set(candidates)))
    leads = [_lead(text) for text in texts]
    likely: dict[str, Sequence[tuple[str, float]]] = {}
    for is_long in (False, True):
        several = list(dict.fromkeys(lead for lead in leads if lead and (len(lead) >= LONG) == is_long))
        models = _first_look(several) if among is None and not is_long else among
        likely |= dict(zip(several, confidences(several, models, is_long), strict=True))
    return [Look(likely.get(lead) or _by_script(lead, among), bool(lead)) for lead in leads]


def weights_of(counts: Mapping[str, int]) -> Weights:
    """What the languages found in a corpus say about its next text, for :func:`identify`.

    The commonest language weighs 1, others in proportion, none less than ``RARE``. Nothing is said
    before ``ENOUGH`` texts are named. It is what keeps terse English titles from becoming Latin, and
    Indonesian from becoming Malay.
    """
    named = {code: count for code, count in counts.items() if code != UNKNOWN and count}
    if sum(named.values()) < ENOUGH:
        return {}
    most = max(named.values())
    return {code: max(RARE, count / most) for code, count in named.items()}


def identify_query(text: str, languages_of_corpus: Sequence[str]) -> str:
    """The likeliest language of a short question among those of a corpus.

    A corpus in one language answers at once; six languages take 0.4 s at first and under 1 ms then.

    :return: One of the given codes, or ``"und"`` where none fits the script or there are none.
    """
    languages = tuple(sorted(set(languages_of_corpus) - {UNKNOWN}))
    if len(languages) <= 1:
        return languages[0] if languages else UNKNOWN
    lead = _lead(text)
    values = confidences([lead], languages, len(lead) >= LONG)[0] if lead else []
    values = values or _by_script(lead, languages)
    return values[0][0] if values else UNKNOWN


def confidences(
    texts: Sequence[str], among: tuple[str, ...] | None, is_long: bool
) -> list[Sequence[tuple[str, float]]]:
    """For each text its possible languages with their confidence, best first; none if none fits.

    :param among: The languages to choose from, in the spelling wanted; all if None.
    :param is_long: Ask the small models, which is right for texts of ``LONG`` characters.
    """
    detector, codes = _detector(among, is_long) if texts else (None, {})
    if detector is None:
        return [[] for _ in texts]
    every: list[list[Any]] = detector.compute_language_confidence_values_in_parallel(list(texts))
    return [[(codes[v.language], v.value) for v in values if v.value > 0 and v.language in codes] for values in every]


def split(documents: Iterable[Document]) -> dict[str, list[Document]]:
    """Documents by language, the largest language first, each in the given order."""
    by_language: dict[str, list[Document]] = {}
    for document in documents:
        by_language.setdefault(document.lang, []).append(document)
    return dict(sorted(by_language.items(), key=lambda item: (-len(item[1]), item[0])))


def plain(text: str) -> str:
    """A text without addresses, mark-up and handles, which are in no language."""
    return _NOT_LANGUAGE.sub(" ", text)


def _lead(text: str) -> str:
    """A part of a text without addresses, mark-up and handles; empty if it has no letters.

    Of a long text it is the middle: papers begin with names and numbers.
    """
    start = len(text) // 2 if len(text) > 4 * LEAD else 0
    lead = plain(text[start : start + 2 * LEAD])[:LEAD].strip()
    return lead if any(map(str.isalpha, lead)) else ""


def _first_look(leads: list[str]) -> tuple[str, ...]:
    """The languages that a batch of short texts may be in, by the small models."""
    shares: Counter[str] = Counter()
    obvious: set[str] = set()
    for values in confidences(leads, None, True):
        shares.update(dict(values))
        obvious |= {code for code, value in values[:1] if value >= OBVIOUS}
    return tuple(sorted(obvious | {code for code, share in shares.items() if share >= LIKELY * len(leads)}))


def _by_script(lead: str, among: tuple[str, ...] | None) -> list[tuple[str, float]]:
    """The language of a script that one language owns and lingua does not know; none else."""
    letter = next(filter(str.isalpha, lead), "")
    code = _OF_SCRIPT.get(unicodedata.name(letter, "").split(" ")[0], "") if letter else ""
    return [(code, 1.0)] if code and (among is None or code in among) else []


@lru_cache(maxsize=8)
def _detector(among: tuple[str, ...] | None, is_long: bool) -> tuple[LanguageDetector | None, dict[Language, str]]:
    """A detector and the code to give for each of its languages: the caller's own spelling."""
    from lingua import Language, LanguageDetectorBuilder

    by_code = _languages_by_code()
    spelt = {code: code for code in by_code} if among is None else {code: code_of(code) or "" for code in among}
    codes = {by_code[code]: name for name, code in reversed(spelt.items()) if code in by_code}
    if not codes:
        return None, codes
    others = {Language.THAI, Language.KOREAN} if len(codes) == 1 else set()  # lingua compares, so it needs two
    builder = LanguageDetectorBuilder.from_languages(*codes, *(others - set(codes)))
    return (builder.with_low_accuracy_mode() if is_long else builder).build(), codes


@lru_cache(maxsize=1)
def _languages_by_code() -> dict[str, Language]:
    from lingua import Language

    return {language.iso_code_639_1.name.lower(): language for language in Language.all()}


@lru_cache(maxsize=1)
def _codes_by_name() -> dict[str, str]:
    """ISO 639-1, ISO 639-3 and English names → ISO 639-1."""
    names = dict(_ALIASES)
    for code, language in _languages_by_code().items():
        names |= {code: code, language.iso_code_639_3.name.lower(): code, language.name.lower(): code}
    macro = {"cmn": "zh", "arb": "ar", "pes": "fa", "zsm": "ms", "lvs": "lv", "swh": "sw", "als": "sq", "ekk": "et"}
    return names | macro
