"""Documents in, ranked documents out. Imports neither ``eval`` nor ``training``."""
