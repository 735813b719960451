"""Word problems with a final number; see NOTICE.md for where they come from."""
