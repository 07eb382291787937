"""Energy: microgrids with sun, wind, storage, buildings and cars behind one grid connection."""
