"""What runs without a person. Empty of loops until there is something to sweep."""
