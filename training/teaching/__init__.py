"""Teachers: who scores, whose vectors are learned, and whether a student can learn it."""
