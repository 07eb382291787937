"""What a pipeline loses under faults: a seeded schedule of them on parts that a file names, and the ledger."""
