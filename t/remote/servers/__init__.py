"""The servers that tables ask: each started alone, in a folder of its own."""
