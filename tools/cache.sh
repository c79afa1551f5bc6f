# Sourced: where downloads and third-party builds live, outside the tree.
PHARIA_DEV_CACHE=${PHARIA_DEV_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/pharia-kernel-dev}
export PHARIA_DEV_CACHE
