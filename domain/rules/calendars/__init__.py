"""Working hours: weekly windows, dated exceptions, and how long a calendar is open (domain.md 4.2)."""
