"""Who may be a negative."""
