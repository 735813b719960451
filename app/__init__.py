"""The window: imports `core`, never `core.engines`, never torch."""
