"""Any documents in, a BEIR folder out: one reader per source format, one flow for all of them.

``finding`` and ``archives`` list the files in what a person names, ``kinds`` and ``sources`` choose a reader for each.
A reader (``tables``, ``sheets``, ``jsons``, ``parquet``, ``arrow``, ``hub``, ``squad``, ``documents``, ``trec``,
``beir_folder``) turns a file into entries, one an input row; ``intake`` cleans them, settles their ids and merges duplicates; ``folder``
names languages and writes; ``near`` lists or merges what reads nearly the same (``alike`` compares, ``minhash`` chooses
what to compare, ``shingles`` says what alike means); ``passages`` cuts, ``division`` divides. Every input row ends as kept, merged, or a line in ``rejects.jsonl``.
"""
