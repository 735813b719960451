"""One module a job kind; loaded only inside a worker process."""
