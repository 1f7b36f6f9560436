"""The ratios that the design promises, measured: `python -m benchmarks`."""
