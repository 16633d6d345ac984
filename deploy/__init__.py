"""The bundle for a Raspberry Pi without a network: `make pi-bundle`, docs/pi.md.

It stands beside the three packages since it is neither of them: it packs the device's wheel for machines that this one
is not, and what installs it there (`files/`) is no Python.
"""
