"""Where a user's work lives: store, artifacts, durable writes, lock."""
