"""Training of our own networks: services behind `manage.py train_trunk`. Knows no Django."""
