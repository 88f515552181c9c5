"""Who may do what, and how far: the permission matrix as data, and the rules that read it (reliability.md 2)."""
