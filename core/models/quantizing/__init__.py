"""Which weights of a model get how many bits, what that takes on disk, and what it was measured to cost."""
