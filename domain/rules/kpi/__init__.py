"""Key figures as pure functions over columns (domain.md 5)."""
