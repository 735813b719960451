"""Files the program carries: fonts, icons, translations, starter data."""
