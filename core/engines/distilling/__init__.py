"""What distilling adds to training: what the teacher says, kept small, and the losses that compare."""
