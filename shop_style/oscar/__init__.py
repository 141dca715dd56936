"""django-oscar as a host: its pages show styled pictures once this app stands before Oscar's."""
