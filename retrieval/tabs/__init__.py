"""The Search and Data tabs, and the header above all tabs."""
