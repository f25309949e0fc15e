"""A corpus small enough to read: eight passages on baking in three languages, and questions on them."""

from __future__ import annotations

from pathlib import Path

from retrieval.beir import write_documents, write_qrels, write_queries
from retrieval.records import Document, Qrels, Query

PASSAGES: dict[str, dict[str, tuple[str, str]]] = {
    "en": {
        "starter": (
            "Sourdough starter",
            "Feed the starter with flour and water once a day until it doubles in height.",
        ),
        "oven": ("A hot oven", "Heat the stone for an hour, so that the loaf rises before the crust sets."),
        "salt": ("Salt", "Two grams of salt for every hundred grams of flour slow the yeast and bring out the taste."),
        "rye": ("Rye bread", "Rye holds little gluten; its dough stays sticky and is baked in a tin."),
        "steam": ("Steam", "A cup of water in a hot pan gives steam, which keeps the crust soft for a while."),
        "knead": ("Kneading", "Knead for ten minutes; a thin sheet of dough that does not tear is ready."),
        "storage": ("Keeping bread", "A loaf keeps four days in a wooden box, and three months in the freezer."),
        "bagel": ("Bagels", "Bagels are boiled for a minute in water with malt before they are baked."),
    },
    "de": {
        "starter": ("Sauerteig", "Füttere den Sauerteig täglich mit Mehl und Wasser, bis er sich verdoppelt."),
        "oven": ("Heißer Ofen", "Heize den Stein eine Stunde vor, damit das Brot aufgeht, bevor die Kruste fest wird."),
        "salt": ("Salz", "Zwei Gramm Salz auf hundert Gramm Mehl bremsen die Hefe und heben den Geschmack."),
        "rye": ("Roggenbrot", "Roggen enthält wenig Gluten; der Teig bleibt klebrig und kommt in eine Kastenform."),
        "steam": ("Dampf", "Eine Tasse Wasser in der heißen Pfanne gibt Dampf und hält die Kruste weich."),
        "knead": ("Kneten", "Knete zehn Minuten; der Teig ist fertig, wenn er dünn gezogen nicht reißt."),
        "storage": ("Brot aufbewahren", "Im Holzkasten hält ein Laib vier Tage, im Gefrierfach drei Monate."),
        "bagel": ("Bagels", "Bagels werden eine Minute in Wasser mit Malz gekocht, dann gebacken."),
    },
    "ar": {
        "starter": ("خميرة البلدي", "أطعم الخميرة بالدقيق والماء كل يوم حتى يتضاعف حجمها."),
        "oven": ("فرن ساخن", "سخّن الحجر ساعة كاملة لكي يرتفع الرغيف قبل أن تتصلب القشرة."),
        "salt": ("الملح", "غرامان من الملح لكل مئة غرام من الدقيق يبطئان الخميرة ويحسنان الطعم."),
        "rye": ("خبز الجاودار", "في الجاودار غلوتين قليل، فتبقى العجينة لزجة وتخبز في قالب."),
        "steam": ("البخار", "كوب ماء في مقلاة ساخنة يعطي بخارا يبقي القشرة طرية."),
        "knead": ("العجن", "اعجن عشر دقائق حتى تتمدد العجينة رقيقة دون أن تتمزق."),
        "storage": ("حفظ الخبز", "يبقى الرغيف أربعة أيام في صندوق خشبي وثلاثة أشهر في المجمد."),
        "bagel": ("البيغل", "يسلق البيغل دقيقة في ماء بالشعير قبل أن يخبز."),
    },
}
"""Language → passage → title and text."""

QUESTIONS: dict[str, dict[str, str]] = {
    "en": {
        "starter": "how often do I feed a sourdough starter",
        "oven": "how long should the stone heat before the loaf goes in",
        "salt": "how much salt for a kilo of flour",
        "rye": "why is rye dough sticky",
        "storage": "how many days does a loaf keep",
    },
    "de": {
        "starter": "wie oft füttert man Sauerteig",
        "steam": "woher kommt der Dampf im Ofen",
        "knead": "wann ist der Teig fertig geknetet",
        "rye": "warum klebt Roggenteig",
        "storage": "wie lange hält sich Brot",
    },
    "ar": {
        "salt": "كم غراما من الملح للدقيق",
        "oven": "كم يسخن الحجر قبل الخبز",
        "bagel": "هل يسلق البيغل قبل الخبز",
        "steam": "كيف تبقى القشرة طرية",
        "knead": "كم دقيقة يستمر العجن",
    },
}
"""Language → the passage that answers → the question."""

DEV_PER_LANGUAGE = 2


def sentences() -> list[str]:
    """Every title, text and question: what the tiny tokenizers are made from."""
    passages = [part for by_name in PASSAGES.values() for passage in by_name.values() for part in passage]
    return passages + [question for by_name in QUESTIONS.values() for question in by_name.values()]


def write_tiny_corpus(folder: Path) -> Path:
    """Write the BEIR folder: 24 documents, 15 queries, 6 of them judged in ``dev`` and 9 in ``test``.

    The one relevant document of query ``de-q-rye`` is ``de-rye``.
    """
    write_documents(
        folder,
        (
            Document(f"{lang}-{name}", text, title, {"lang": lang})
            for lang, passages in PASSAGES.items()
            for name, (title, text) in passages.items()
        ),
    )
    write_queries(
        folder,
        (
            Query(f"{lang}-q-{name}", text, {"lang": lang})
            for lang, questions in QUESTIONS.items()
            for name, text in questions.items()
        ),
    )
    write_qrels(folder, "dev", _judgments(slice(None, DEV_PER_LANGUAGE)))
    write_qrels(folder, "test", _judgments(slice(DEV_PER_LANGUAGE, None)))
    return folder


def _judgments(part: slice) -> Qrels:
    return {
        f"{lang}-q-{name}": {f"{lang}-{name}": 1}
        for lang, questions in QUESTIONS.items()
        for name in list(questions)[part]
    }
