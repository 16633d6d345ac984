"""A pile of scans: `postread batch`."""
