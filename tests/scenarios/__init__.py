"""Whole mornings of the desk, from what the tower shows to what was done about it."""
