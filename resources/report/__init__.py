"""The report's template."""
