"""The dry run of a fine-tuning: a few real steps in a process of its own, measured."""
