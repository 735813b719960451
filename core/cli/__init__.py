"""The command line: a view of the workspace."""
