"""What the programs cost, beside their peers: measurements, not tests."""
