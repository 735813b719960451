"""What training jobs share: conversations as tokens, packing, checkpoints, the trainer."""

from core.engines.seal import seal

seal()  # before the first import of a library below this package
