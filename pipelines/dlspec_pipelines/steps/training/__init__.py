"""Training: a plan and prepared arrays become a trained model in its run folder."""
