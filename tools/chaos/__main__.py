"""Does to the built program what the world does to it, and checks that nothing is lost. `python3 tools/chaos --help`."""
import argparse
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from cases import CASES  # noqa: E402
from frame import Skipped, Workplace  # noqa: E402

USAGE = """Does to the built program what the world does to it, and checks that nothing is lost.

  python3 tools/chaos kill --seed 1 --rounds 20        one case; the same seed makes the same pipelines and the same delays
  python3 tools/chaos kill stop --rounds 2             several
  python3 tools/chaos all --program .build/release/holstream

The cases:
"""


def alone():
    """Goes on in a mount namespace of its own, where it may. Otherwise a namespace that somebody makes meanwhile would keep our
    file systems mounted after we have let them go, and mounting one again would give what is in the system's memory."""
    if os.geteuid() == 0 and shutil.which("unshare") and "CHAOS_ALONE" not in os.environ:
        os.environ["CHAOS_ALONE"] = "1"
        own = ["unshare", "-m", sys.executable, *sys.argv]
        if subprocess.run(["unshare", "-m", "true"], capture_output=True).returncode == 0:
            os.execvp(own[0], own)


def main():
    alone()
    catalogue = "\n".join(f"  {case.NAME:<12} {case.SUMMARY}" for case in CASES.values())
    parser = argparse.ArgumentParser(
        prog="chaos", description=USAGE + catalogue, formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="Needs Python 3.9 alone. Exit code 0: all is well, what was skipped is named; 1: something was lost, and where"
        " the evidence is.")
    root = pathlib.Path(__file__).resolve().parent.parent.parent
    parser.add_argument("cases", nargs="+", metavar="CASE", choices=[*CASES, "all"])
    parser.add_argument("--seed", type=int, default=1, help="of delays and choices")
    parser.add_argument("--rounds", type=int, help="of each case; what each says when left out")
    parser.add_argument("--only", help="kinds of pipelines, with commas, where a case has several")
    parser.add_argument("--program", type=pathlib.Path, default=root / ".build/debug/holstream")
    parser.add_argument("--folder", type=pathlib.Path, help="where to work, and leave everything; a temporary folder otherwise")
    parser.add_argument("--quiet", action="store_true", help="say the last line of each case alone")
    options = parser.parse_args()
    program = options.program.resolve()
    if not program.is_file():
        parser.error(f"there is no program {options.program}; run `swift build`")
    names = list(CASES) if "all" in options.cases else options.cases
    failures = 0
    for name in names:
        case = CASES[name]
        folder = options.folder or pathlib.Path(tempfile.mkdtemp(prefix="holstream-chaos-"))
        place = Workplace(program, folder / name, random.Random(f"{name} {options.seed}"), options.quiet)
        place.only = options.only.split(",") if options.only else None
        try:
            summary = case.run(place, options.rounds or case.ROUNDS)
            print(f"{name}: {summary}", flush=True)
        except Skipped as reason:
            print(f"{name}: skipped: {reason}", flush=True)
        except AssertionError as failure:
            failures += 1
            place.keeps = True
            print(f"{name}: FAILED (seed {options.seed}): {failure}\n  the evidence is in {place.folder}", flush=True)
        finally:
            place.close(keeping=options.folder is not None)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
