"""The worker: jobs, leases, a clean end."""
