"""Adaptors that run with a peer's own Python, which need not have anything of this project's: standard library only."""
