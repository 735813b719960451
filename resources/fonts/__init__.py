"""Noto faces for Latin, Hebrew and Arabic, a monospaced face, and a few signs (SIL Open Font License)."""
