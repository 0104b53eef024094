"""The formats: to add one, write a file like its neighbours and one line here.

A path is taken for the first format that recognises it.
"""

from __future__ import annotations

from repalign.data.exchange import net2brain, netcdf, npy, npz, rsatoolbox_files, tables, thingsvision, zarrs
from repalign.data.exchange.format import Format
from repalign.data.registry import Registry

#: Formats in which responses are read, by name, in the order in which a path is tried.
FORMATS: Registry[Format] = Registry("format")

for _format in (
    npz.OWN,
    zarrs.FORMAT,
    thingsvision.FORMAT,
    npy.FORMAT,
    net2brain.FORMAT,
    npz.ARRAYS,
    tables.FORMAT,
    netcdf.FORMAT,
    rsatoolbox_files.FORMAT,
):
    FORMATS.add(_format.name, _format)
