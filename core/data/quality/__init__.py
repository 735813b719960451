"""What could be better about a data set, and new versions in which it is."""
