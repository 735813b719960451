"""General widgets: no rules of the workbench, looks from the application's style sheet, typed signals."""
