"""What a pipeline can bear: the search for the highest rate at which an objective holds, and its report."""
