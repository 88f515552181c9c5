"""What may be promised, for how long, and what was: availability, quotes, the promise ledger (domain.md 7)."""
