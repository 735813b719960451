"""What pruning is made of: measuring, choosing and cutting layers, neurons and tokens."""
