"""What a model's embeddings are worth where nothing is retrieved: one file a kind of data, one flow for all.

A kind (``triplets``, ``sts``, ``clusters``, ``bitext``) reads files into parts and gives each part its scores;
``judge`` joins them to a result, which ``report`` says.
"""
