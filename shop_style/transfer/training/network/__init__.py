"""Training of the style network: preprocess → train → evaluate → export. Knows no Django."""
