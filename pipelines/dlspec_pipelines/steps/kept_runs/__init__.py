"""What is known of runs that were trained: the list of them, two beside each other, what may go."""
