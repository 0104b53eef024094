"""Laws of optional extras: nothing heavy unless asked for, and a missing one says what to install."""

from __future__ import annotations

import importlib
import importlib.util
import subprocess
import sys

import pytest

from repalign.errors import UnavailableError
from repalign.models import model
from repalign.models.torch_env import EXTRAS, require

HEAVY = ("torch", "torchvision", "timm", "safetensors", "onnxruntime")


def test_importing_models_and_listing_them_loads_no_torch():
    code = (
        "import sys, repalign.models, repalign.cli\n"
        "repalign.models.model_names()\n"
        f"assert not {{*{HEAVY!r}}} & {{*sys.modules}}, {{*{HEAVY!r}}} & {{*sys.modules}}"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_torchvision_and_timm_can_be_imported_after_require():
    pytest.importorskip("torch")
    code = (
        "from repalign.models.torch_env import require\n"
        "require(); require()\n"
        "import timm, torchvision, torch\n"
        "torch.ops.torchvision.nms\n"
        "assert len(torchvision.models.list_models()) > 50"
    )
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True)


@pytest.mark.parametrize("extra", EXTRAS)
def test_a_missing_extra_says_what_to_install(monkeypatch, extra):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UnavailableError, match=f"{EXTRAS[extra][0]}.* not installed") as caught:
        require(extra)
    assert caught.value.hint == f"pip install 'repalign[{extra}]'"


@pytest.mark.parametrize("name", ["timm/resnet18", "torchvision/resnet18", "ssl/simclr-rn50"])
def test_naming_a_network_without_torch_says_what_to_install(monkeypatch, name):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UnavailableError) as caught:
        model(name, pretrained=False)
    assert caught.value.hint == "pip install 'repalign[models]'"


def test_a_broken_torchvision_is_no_traceback(monkeypatch):
    def broken(name):
        raise ImportError("undefined symbol")

    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())
    monkeypatch.setattr(importlib, "import_module", broken)
    with pytest.raises(UnavailableError, match="cannot be imported: ImportError: undefined symbol"):
        require()
