"""Rankings in, verdicts out. Imports ``retrieval``."""
