"""A BEIR folder in, checkpoints out. Imports ``eval`` and ``retrieval``."""
