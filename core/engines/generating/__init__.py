"""How a teacher is asked: here or at an endpoint, each answer kept before the next is asked for."""
