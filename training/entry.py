"""What runs in the trainer's interpreter: checks sd-scripts, enters its seams, lets it train.

    entry.py probe SD_SCRIPTS     prints versions, options and seams as JSON
    entry.py run RUN_FOLDER       trains one part of a run (runner.py makes the folder)

Started by path, without ComfyUI. Exit codes: 0 done, 1 refused or failed (the event says why), 3
stopped with a state saved. sd-scripts is neither copied nor changed.
"""

import sys

if __name__ in ("__main__", "__mp_main__"):
    # Python puts this folder first, where tokenizers.py would shadow the library of that name
    import os

    _HERE = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [p for p in sys.path if os.path.abspath(p or ".") != _HERE]
    _IXL = os.path.join(os.path.dirname(_HERE), "python")
    if _IXL not in sys.path:
        sys.path.insert(0, _IXL)

STOPPED = 3


def main(argv: list[str]) -> int:
    from ixl.training import trainer

    verb, place = argv
    return trainer.probe(place) if verb == "probe" else trainer.train(place)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
