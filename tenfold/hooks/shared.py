"""The one registry of this process, which hook files import."""

from tenfold.hooks.registry import HookRegistry

hooks = HookRegistry()
