"""What the trainer reads."""
