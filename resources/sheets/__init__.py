"""The one style sheet, with tokens in place of colours."""
