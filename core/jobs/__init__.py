"""How work runs: events, child processes, supervisor, queue."""
