"""What a data set looks like, without training: read, prepared, counted, shown as text and page."""
