"""`identify` and `sizes`."""

import argparse
import json
import sys

from .common import progress_line


def add_checkpoint(areas) -> list[argparse.ArgumentParser]:
    """The areas of model files."""
    identify = areas.add_parser("identify", help="say which model a checkpoint file is")
    told = "a model file or diffusers folder; of other folders the files, FOLDER/*.safetensors"
    identify.add_argument("files", nargs="+", metavar="FILE", help=told)
    identify.add_argument("--quick", action="store_true", help="without the SHA-256: at once")
    identify.set_defaults(run=identify_command)

    sizes = areas.add_parser("sizes", help="the picture sizes that a model version draws")
    sizes.add_argument("--profile", default="illustrious-v1.0", metavar="ID")
    sizes.add_argument("--step-px", type=int, default=64, help="multiples of 64 (or 32) px")
    sizes.set_defaults(run=sizes_command)
    return [identify, sizes]


def identify_command(args: argparse.Namespace) -> int:
    from ..core.checkpoint.hashing import hash_file
    from ..core.checkpoint.identity import identify
    from ..core.checkpoint.summary import as_dict, summary

    hasher = None if args.quick else hash_file
    found = [identify(file, progress_line(file, args.json), hasher) for file in args.files]
    if args.json:
        print(json.dumps([as_dict(identity) for identity in found], indent=1))
    for identity in found:
        if not identity.ok:
            print(f"{identity.file}: {identity.problem}", file=sys.stderr)
        elif not args.json:
            print(summary(identity))
    return 0 if all(identity.ok for identity in found) else 1


def sizes_command(args: argparse.Namespace) -> int:
    from ..core.checkpoint.profiles import PROFILES
    from ..core.checkpoint.resolutions import size_list

    if args.profile not in PROFILES:
        known = ", ".join(PROFILES)
        raise ValueError(f"There is no profile {args.profile!r}; it must be one of {known}.")
    found = size_list(PROFILES[args.profile], args.step_px)
    if args.json:
        print(json.dumps(found, indent=1))
        return 0
    print("area         size       ratio        of the area  within the area")
    for s in found:
        size = f"{s['width']}x{s['height']}"
        print(
            f"{s['area']:<12} {size:<10} {s['ratio']:<12} {s['share_of_area']:11.1%}  {s['within']}"
        )
    return 0
