"""Backorder runs: what they see, what they decide, how it is applied and taken back (domain.md 7.6)."""
