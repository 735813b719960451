"""Example data sets beside the starter data, each in a folder with its notice."""
