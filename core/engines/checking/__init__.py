"""What a receipt looks at: files, weights, and what a fresh process sees of the export."""
