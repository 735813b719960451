"""Will it fit: what a training needs of memory, time, disk and energy, before it starts.

A formula first, by part; then corrected by what earlier runs on the same machine really took.
"""
