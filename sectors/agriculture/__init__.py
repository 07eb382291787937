"""Fields with weather stations, soil probes, greenhouses and irrigation."""
