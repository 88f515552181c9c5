"""The order control tower's business: words, rules, use cases and exchange with the outside."""
