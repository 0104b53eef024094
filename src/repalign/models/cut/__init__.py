"""The exact cut: what no trained weight can change is computed once and kept on disk. It needs torch."""

from repalign.models.cut.clip import CutClipHba
from repalign.models.cut.disk import keep_on_disk
from repalign.models.cut.kept import Kept
from repalign.models.cut.prefix import PrefixCut
from repalign.models.cut.protocol import Cut
from repalign.models.cut.shown import Shown
from repalign.models.cut.tower import TowerCut

__all__ = ["Cut", "CutClipHba", "Kept", "PrefixCut", "Shown", "TowerCut", "keep_on_disk"]
