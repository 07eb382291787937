"""Public safety: squares watched by numbers, never by images."""
