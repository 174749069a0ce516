"""Objectives trained for real: specs whose loss is a graph, each with a figure to reach."""
