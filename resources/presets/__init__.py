"""What suits which model and task: data, read by `core.models.presets`."""
