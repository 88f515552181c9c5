"""Orders, lines, reservations and stock moved by the events of their machines (domain.md 3.1, 3.2, 3.4)."""
