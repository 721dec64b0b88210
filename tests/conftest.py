"""Shape checks while the tests run, and fixtures that many tests share."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from jaxtyping import install_import_hook

# The modules that pass arrays on; those that check what a person gives them are left to their own error texts.
CHECKED = (
    "backbones",
    "data.transforms",
    "evaluate",
    "explain",
    "objectives",
    "openset",
    "records",
    "shots",
    "train.batches",
    "transport.cores",
    "transport.exact",  # and its neighbours, but not those that numba compiles
    "transport.interior_point",
    "transport.marginals",
    "transport.opencv",
    "transport.potentials",
    "transport.problem",
    "transport.sinkhorn",
)
install_import_hook(
    [f"fsl_core.{module}" for module in CHECKED],
    "beartype.beartype(conf=beartype.BeartypeConf(is_pep484_tower=True))",
)

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What shares fixtures runs in one process: the tests of a file, and all that drive a browser."""
    for item in items:
        group = "browser" if item.get_closest_marker("browser") else str(item.path)
        item.add_marker(pytest.mark.xdist_group(group))


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real data and reference numbers beside the clone; the test is skipped where it is absent."""
    if not SHARED.is_dir():
        pytest.skip("needs the folder ../shared")
    return SHARED


@pytest.fixture
def small_backbone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The name of an untrained Conv4 of 8 channels in a manifest of its own; projects go to a temporary folder."""
    # Imported here, after the shape checks are in place.
    from fsl_core import manifest
    from fsl_core.backbones import Conv4, save_weights
    from fsl_core.data.transforms import InputSpec
    from fsl_core.ui import cached
    from fsl_core.ui.store import HOME_VARIABLE

    torch.manual_seed(0)
    save_weights(tmp_path / "tiny.safetensors", Conv4(8), "conv4", {"width": 8}, InputSpec(32))
    sha256 = hashlib.sha256((tmp_path / "tiny.safetensors").read_bytes()).hexdigest()
    texts = ("title", "recipe", "data", "licence", "classifier", "measured_by")
    numbers = ("megabytes", "accuracy_1shot", "interval_1shot", "accuracy_5shot", "interval_5shot")
    rows = ["[tiny]", 'file = "tiny.safetensors"', f'sha256 = "{sha256}"', "default = true"]
    rows += [f'{name} = "tiny {name}"' for name in texts] + [f"{name} = 0.25" for name in numbers]
    (tmp_path / "manifest.toml").write_text("\n".join(rows))
    monkeypatch.setattr(manifest, "WEIGHTS", tmp_path)
    monkeypatch.setattr(manifest, "MANIFEST", tmp_path / "manifest.toml")
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)  # in whose folder runs/ the runs are
    for function in (cached.cards, cached.queue, cached.engine, cached.thumbnail):
        function.clear()
    yield "tiny"
    cached.cards.clear()
