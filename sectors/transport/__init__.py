"""Transport: road corridors with detectors and a signal, the bus line on them, the car park beside."""
