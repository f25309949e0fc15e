"""One run over a corpus, stage by stage, in the test's own process."""

from __future__ import annotations

from pathlib import Path

from retrieval.beir import open_corpus
from training import filter as sift
from training import generate, label, mine, runs
from training.config import Recipe
from training.journal import Journal
from training.settings import load_recipe
from training.split import split_by_language


class Kitchen:
    """A run whose stages are made one by one, each from what the ones before have left."""

    def __init__(self, corpus: Path, **settings: object) -> None:
        self.corpus = open_corpus(corpus)
        self.recipe: Recipe = load_recipe({"corpus": str(corpus), **settings})
        self.run = runs.create(self.recipe, "tiny")
        self.journal = Journal(self.run)
        self.shares = split_by_language(self.corpus.documents, self.recipe.split, judged=False)

    def set(self, section: str, **changes: object) -> None:
        """Change settings of one section."""
        settings = getattr(self.recipe, section).model_copy(update=changes)
        self.recipe = self.recipe.model_copy(update={section: settings})

    def generate(self) -> Path:
        return generate.run(self.run.path, self.recipe, self.corpus.fingerprint, self.shares, self.journal)

    def filter(self) -> Path:
        documents = {document.id: document for document in self.corpus.documents}
        return sift.run(self.run.path, self.recipe, self.generate(), documents, self.shares, self.journal)

    def mine(self) -> Path:
        return mine.run(self.run.path, self.recipe, self.filter(), self.shares, self.journal)

    def label(self) -> Path:
        documents = {document.id: document for document in self.corpus.documents}
        return label.run(self.run.path, self.recipe, self.filter(), self.mine(), documents, self.journal)
