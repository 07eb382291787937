"""Finance: cash, queues, vaults and their supply, payment terminals, insured cars."""
