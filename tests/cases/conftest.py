"""The fixtures of support.cases."""

from support.cases import bare_home, check, home, keeper

__all__ = ["bare_home", "check", "home", "keeper"]
