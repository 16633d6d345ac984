"""Where live frames come from: cameras, streams, films, and a folder that stands in for a camera."""
