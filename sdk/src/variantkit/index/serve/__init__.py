"""The loopback server: one machine's view of indexes, live."""
