"""One outline set, 24 px, from Lucide (ISC licence); `app.icons` recolours it."""
