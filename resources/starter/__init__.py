"""Starter data and tokenizer; see NOTICE.md for where they come from."""
