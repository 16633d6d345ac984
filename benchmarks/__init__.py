"""Tables of accuracy and cost, side by side with other readers: `python -m benchmarks`."""
