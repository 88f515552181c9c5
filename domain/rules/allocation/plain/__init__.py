"""The allocation run in plain Python, written to be read against domain.md 7.6.

A SKU-site keeps, per bucket (a day on which something can happen), what is left: usable supply up to the day less all
that is confirmed for days up to it. What may still be confirmed for a day is the least that is left from that day on
(domain.md 7.1, ATP with look-ahead), so that nothing is promised that another confirmation needs.
"""
