"""The tabs of this room: Scores and Compare."""
