"""What the Train tab shows: the form, the runs and their curves as HTML."""
