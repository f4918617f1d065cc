"""`plan`."""

import argparse
import json


def add_tiling(areas) -> list[argparse.ArgumentParser]:
    """The area of large pictures."""
    plan = areas.add_parser("plan", help="the stages and tiles on the way to a large picture")
    plan.add_argument("size", metavar="WIDTHxHEIGHT")
    plan.add_argument("--from", dest="base", metavar="WxH", help="size of the base picture")
    plan.add_argument("--tile-px", type=int, default=1024)
    plan.add_argument("--overlap-px", type=int, default=128)
    plan.set_defaults(run=plan_command)
    return [plan]


def plan_command(args: argparse.Namespace) -> int:
    from ..core.tiling.stages import plan_report, plan_stages

    width, height = _size(args.size)
    base = _size(args.base) if args.base else None
    report = plan_report(plan_stages(width, height, base, args.tile_px, args.overlap_px))
    if args.json:
        print(json.dumps(report, indent=1))
        return 0
    print("size         denoise  tiles  largest tile  overlap  TFLOP/step")
    for s in report["stages"]:
        size, tile = f"{s['width']}x{s['height']}", f"{s['tile_width']}x{s['tile_height']}"
        print(
            f"{size:<12} {s['denoise']:7} {s['tiles']:6}  {tile:>12} {s['overlap_px']:8} "
            f"{s['tflop_per_step']:11}"
        )
    print(f"about {report['memory_gb']} GB of GPU memory")
    return 0


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.lower().partition("x")
    if not (width.isdecimal() and height.isdecimal()):
        raise ValueError(f"The size is '{text}'; it must be WIDTHxHEIGHT in px. Try 3744x5616.")
    return int(width), int(height)
