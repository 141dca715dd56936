"""From a request to a published variant: rows, queue, worker, review."""
