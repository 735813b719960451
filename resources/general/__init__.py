"""The general check's questions and text; see NOTICE.md for where they come from. Never train on them."""
