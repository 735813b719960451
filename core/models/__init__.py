"""Records of the library: what a model folder says about itself, read without loading it."""
