"""Several jobs in a row: the demo, and what its report looks like."""
