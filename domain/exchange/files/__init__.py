"""Files from outside, whatever they are, as raw tables: `reader.read_tables` with `options.ReadOptions`."""
