"""Imports: preview, commit, replay and undo of bundles."""
