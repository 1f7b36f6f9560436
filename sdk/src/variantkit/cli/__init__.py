"""The command line: the only printing, the only clock, the only exit codes."""
