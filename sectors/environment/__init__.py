"""Environment: air, noise, lake and river, and stacks, and what watches them."""
