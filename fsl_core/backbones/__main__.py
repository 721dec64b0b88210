"""`python -m fsl_core.backbones import FILE --as NAME`: make a published checkpoint a backbone of your own."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from fsl_core.cli import Parser, run
from fsl_core.errors import WeightsError
from fsl_core.manifest import new_weights, own_weights


def build_parser() -> Parser:
    """The command `import` and its flags."""
    from fsl_core.backbones.published import LAYOUTS, SPECS, TRUST

    parser = Parser(
        prog="python -m fsl_core.backbones", description="Make a published checkpoint a backbone of your own."
    )
    parser.add_argument("command", choices=["import"], help="read a checkpoint of DeepEMD, RFS, SCL or S2M2")
    parser.add_argument("file", type=Path, metavar="FILE", help="for example max_acc.pth or 470.tar")
    parser.add_argument(
        "--as", dest="name", required=True, metavar="NAME",
        help="what --backbone and the app will call it; or the path of a .safetensors file to write",
    )  # fmt: skip
    usual = ", ".join(f"{spec} where the tensors are under {layout!r}" for layout, spec in LAYOUTS.items())
    parser.add_argument(
        "--spec",
        choices=tuple(SPECS),
        help=f"size and normalisation of the input (default: {usual}); deepemd_cifar_fs is for DeepEMD's FCN and Grid "
        "on CIFAR-FS, rfs_cifar for RFS and SCL on CIFAR-FS and FC100, pt_map for PT-MAP and LST, s2m2_cifar for S2M2 "
        "on CIFAR-FS",
    )
    parser.add_argument(TRUST, action="store_true", help="unpickle more than tensors, which runs any code in the file")
    return parser


def work(arguments: argparse.Namespace) -> None:
    """Import a checkpoint and say how to use it."""
    from fsl_core.backbones.published import SPECS, read_published

    path = new_weights(arguments.name)
    published = read_published(arguments.file, arguments.trust)
    name = arguments.spec or published.spec
    try:
        published.save(path, SPECS[name])
    except OSError as error:
        raise WeightsError(f"{path} cannot be written ({error.strerror}); choose another place with --as.") from error
    millions = sum(parameter.numel() for parameter in published.network.parameters()) / 1e6
    kept = sorted({name.split(".")[0] for name in published.heads})
    print(
        f"{published.architecture}, {millions:.1f} million parameters, written to {path}.\n"
        f"Heads that are kept: {', '.join(kept) or 'none'}.\n"
        f"Its input is {SPECS[name].size} pixels, normalised as {name} (--spec names others).\n"
        f"Use it with --backbone {arguments.name}"
        + (" or in the app's list of backbones." if path.parent == own_weights() else ".")
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    return run(build_parser(), work, argv)


if __name__ == "__main__":
    sys.exit(main())
