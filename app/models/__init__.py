"""What the window shows of runs and artifacts, without widgets."""
