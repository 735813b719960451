"""Measuring models fairly: each in a process of its own, all on the same rows."""
