"""Translations: `slm_workbench_<language>.ts` here, compiled to `.qm` when the program is packaged."""
