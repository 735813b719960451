"""What the library knows of a model without loading it."""
