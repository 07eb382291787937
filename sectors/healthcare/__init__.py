"""Hospital bays and their patients' devices at home: what stands there, and how it behaves."""
