"""The allocation run compiled: the same decisions as `plain`, over arrays, a million lines at a time (performance.md 2).

Every function here is compiled by numba and says no more than its namesake in `plain`, which is the text to read.
`X` is the layout that `buckets` makes: X.L[line, FACT], X.P[SKU-site, FACT], X.B[bucket, FACT], parts of lines in the
pool X.K (SKU-site, day, quantity), and what few lines need in X.M from the places that X.A names. When the pool is too
small the run says so and is begun again with a larger one.
"""
