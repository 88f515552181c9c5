"""Who gets scarce stock, and why: columns in, decisions out (domain.md 7)."""
