"""How much stock is kept against what nobody knows: safety stock and classes of SKUs (domain.md 7.8)."""
