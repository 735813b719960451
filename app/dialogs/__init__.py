"""Dialogs: few, each names the thing it is about."""
