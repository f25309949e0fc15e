"""What the Scores and Compare tabs show: results read, judged, and drawn as HTML."""
