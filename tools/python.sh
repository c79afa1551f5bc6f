#!/usr/bin/env bash
# Run the Python of the tools' virtual environment.
. "$(dirname "$0")/cache.sh"
exec "$PHARIA_DEV_CACHE/venv-tools/bin/python" "$@"
