"""The headless workbench: specs, workspace, jobs, data, models, engines. Imports no Qt."""
