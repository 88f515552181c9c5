"""Write side: named loads, locks in key order, adds. No other place writes stock."""
