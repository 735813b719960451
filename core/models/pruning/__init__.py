"""What can be said of a pruning before any weights are loaded: sizes, what stays, and what is refused."""
