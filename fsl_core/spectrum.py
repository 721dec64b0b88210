"""A data set -> how its features spread, for several backbones. `python -m fsl_core.spectrum`."""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

from fsl_core import figures
from fsl_core.backbones import Backbone, load_backbone
from fsl_core.cli import Parser, progress_bar, run
from fsl_core.data import ImageDataset, open_dataset
from fsl_core.errors import OptionError
from fsl_core.explain import spectrum
from fsl_core.features import batches_of_maps
from fsl_core.manifest import read_manifest
from fsl_core.records import Spectrum

COLUMNS = {
    "backbone": "backbone",
    "effective_rank": "effective rank",
    "components_90": "90 %",
    "components_95": "95 %",
    "components_99": "99 %",
    "davies_bouldin": "Davies-Bouldin",
    "intra": "within",
    "inter": "between",
    "intra_inter": "within/between",
}


def pooled_features(
    backbone: Backbone, dataset: ImageDataset, advance: Callable[[int], object] = lambda images: None
) -> Float[Tensor, "n_images channels"]:
    """Mean over the cells of every image's feature map, on the CPU; the maps are not kept."""
    batches = batches_of_maps(backbone, dataset.image, len(dataset), advance)
    return torch.cat([torch.empty(0, backbone.network.channels), *(maps.mean(dim=(2, 3)).cpu() for maps in batches)])


def to_table(found: Sequence[Spectrum]) -> str:
    """One line for each backbone, with columns in line."""
    rows = [list(COLUMNS.values())]
    for one in found:
        numbers = one.to_dict()
        rows.append([_cell(numbers[column]) for column in COLUMNS])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)


def _cell(value: float | int | str | None) -> str:
    if value is None:
        return "-"
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def to_json(one: Spectrum, asked: dict[str, str]) -> str:
    """One object on one line: the numbers, and the curves of the figures."""
    settings = {"normalised": one.normalised, "centred": one.centred}
    curves = {"singular_values": one.singular_values.tolist(), "cumulative": one.cumulative.tolist()}
    return json.dumps(asked | settings | one.to_dict() | curves)


def _parser() -> Parser:
    parser = Parser(
        prog="python -m fsl_core.spectrum",
        description="How the pooled features of a data set spread: singular values, effective rank, components, "
        "Davies-Bouldin index, distances within and between classes; for several backbones.",
    )
    parser.add_argument("--dataset", required=True, help="synthetic, cifar_fs, tiny_imagenet, ..., a Hub id, or folder")
    parser.add_argument("--data", help="folder or zip that holds the data set, instead of a download")
    parser.add_argument("--split", default="test", help="train, val, test or all classes (default: %(default)s)")
    parser.add_argument(
        "--backbone", action="append",
        help="a name of weights/manifest.toml (default: its default) or of your own, a .safetensors file, "
        "timm:<model>; repeatable or comma-separated",
    )  # fmt: skip
    parser.add_argument(
        "--fit", choices=("crop", "letterbox"), default="crop",
        help="pictures that are no squares: their centred square (default), or all of them between borders",
    )  # fmt: skip
    parser.add_argument("--as-they-are", action="store_true", help="do not bring feature vectors to unit length first")
    parser.add_argument("--no-centring", action="store_true", help="do not take the mean away")
    parser.add_argument("--figure", metavar="FILE.html", help="write the figure, too: one file that needs no network")
    parser.add_argument("--device", help="cpu, cuda, ... (default: the GPU where there is one)")
    parser.add_argument("--json", action="store_true", help="print an object for each backbone, draw no progress bar")
    return parser


def _work(arguments: argparse.Namespace) -> None:
    texts = arguments.backbone or [next(iter(read_manifest()))]
    names = [name.strip() for text in texts for name in text.split(",")]
    dataset = open_dataset(arguments.dataset, arguments.data, arguments.split)
    asked = {"dataset": arguments.dataset, "split": arguments.split}
    found = []
    for name in names:
        backbone = load_backbone(name, arguments.device).fitted(arguments.fit)
        with progress_bar(len(dataset), backbone.name, "image", not arguments.json) as bar:
            vectors = pooled_features(backbone, dataset, bar.update)
        settings = {"normalised": not arguments.as_they_are, "centred": not arguments.no_centring}
        found.append(spectrum(vectors, dataset.labels, backbone.name, **settings))
        if arguments.json:
            print(to_json(found[-1], asked), flush=True)
    if not arguments.json:
        print(to_table(found))
    if arguments.figure:
        _write(found, Path(arguments.figure))


def _write(found: Sequence[Spectrum], path: Path) -> None:
    try:
        figures.spectra(found).write_html(path)
    except OSError as error:
        raise OptionError(f"The figure cannot be written to {path} ({error.strerror}); try another file.") from error


def main(argv: Sequence[str] | None = None) -> int:
    """The command line; returns its exit code."""
    return run(_parser(), _work, argv)


if __name__ == "__main__":
    sys.exit(main())
