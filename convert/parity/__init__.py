"""Float against quantised: the figures of one set of digits, every layer's error, whole codes, and the report."""
