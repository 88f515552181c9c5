"""Approvals: asked, routed, decided, applied, expired (domain.md 3.9)."""
