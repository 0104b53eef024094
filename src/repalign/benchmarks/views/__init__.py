"""Views: what a report draws beside scores, made here because a report computes nothing."""

from repalign.benchmarks.views.write import VIEW_KEYS, view_units, write_views

__all__ = ["VIEW_KEYS", "view_units", "write_views"]
