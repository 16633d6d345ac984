"""Where readings go: the store first, then whoever waits for them."""
