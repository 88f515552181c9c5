"""Commands of `python -m domain`: one file per command; each reads the clock, opens its unit of work and prints."""
