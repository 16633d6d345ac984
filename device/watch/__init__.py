"""`postread watch`: what a camera sees over time becomes one settled reading an envelope."""
