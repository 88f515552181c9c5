"""Who decides what: the approval matrix as data (`routing.csv`, `ladder.csv`), and the rules that read it (domain.md 3.9)."""
