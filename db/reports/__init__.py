"""Views for people and BI tools: decimals, ISO dates, timestamps and names instead of stored units and keys."""
