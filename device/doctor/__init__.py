"""`postread doctor`: what keeps a reader from reading, found before it does, and the remedy."""
