"""What a teacher is asked, and which of its answers are kept."""
