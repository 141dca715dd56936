"""A/B tests of published variants: who sees which picture, what came of it, what it means."""
