"""How people are known: passwords, how long a sign-in holds, and how often a wrong one is taken (reliability.md 2)."""
