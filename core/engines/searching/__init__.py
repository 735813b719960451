"""What the search is made of: the study on disk, one trial after the other, and what is right to the letter."""

from core.engines.seal import seal

seal()  # before the first import of a library below this package
