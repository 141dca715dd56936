"""django-oscar as a host: run with settings.oscar, by `make test-oscar`."""
