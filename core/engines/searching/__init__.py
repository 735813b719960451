"""What the search is made of: the study on disk, and one trial after the other on the same model."""

from core.engines.seal import seal

seal()  # before the first import of a library below this package
