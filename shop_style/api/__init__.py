"""REST API for storefronts and staff. It works without any setting of the host's for DRF."""
