"""Questions after they are made: sorted, read, edited."""
