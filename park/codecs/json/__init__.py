"""JSON: `{"ts": 1767225600000, "seq": 42, "soil_moisture": 0.312}`, one flat object a reading."""
