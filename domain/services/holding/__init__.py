"""Holds: placed, reviewed, released, and what they touch (domain.md 3.3)."""
