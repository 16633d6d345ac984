"""A Raspberry Pi 4's and 5's processor under emulation: `make aarch64` sets it up under .venv/, docs/parity.md."""
