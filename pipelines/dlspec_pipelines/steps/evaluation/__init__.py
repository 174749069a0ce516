"""Evaluation: what a trained model is worth on the test rows, and against the champion."""
