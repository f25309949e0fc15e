"""Any documents in, a BEIR folder out: one reader per source format, one flow for all of them.

A reader (``tables``, ``jsons``, ``parquet``, ``squad``, ``texts``, ``beir_folder``) turns a file into
entries, one an input row; ``intake`` cleans them, settles their ids and merges duplicates; ``folder``
names languages and writes. Every input row ends as kept, merged, or a line in ``rejects.jsonl``.
"""
