"""Every runtime on every processor, held to the answers of one: `python -m benchmarks matrix`, docs/parity.md."""
