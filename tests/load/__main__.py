"""Let many visitors chat and judge what they saw: `python tests/load URL --visitors 100 --rate 20 --seconds 15 --json`.

Exit 0 when every message was shown exactly once and in order, 1 when not, 2 when it could not be played.
"""

from gevent import monkey

monkey.patch_all()

import argparse  # noqa: E402 - after the patch
import resource  # noqa: E402
import sys  # noqa: E402
from pathlib import Path  # noqa: E402

import judge  # noqa: E402
import msgspec  # noqa: E402
from play import Plan, Play, tell  # noqa: E402


def main() -> int:
    """Play, judge, tell."""
    options = _options()
    plan = msgspec.convert({name: getattr(options, name) for name in Plan.__struct_fields__}, Plan)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # a stream each, and the requests
    play = Play(plan, tell)
    try:
        cost = play.play()
    except TimeoutError as error:
        tell(f"load: {error}")
        return 2
    if options.records:
        options.records.write_bytes(msgspec.json.encode(play.run))
    verdict = judge.judge(play.run)
    data = {"plan": plan, "verdict": verdict, "generator": cost, "retried": play.run.retried}
    sys.stdout.write((msgspec.json.format(msgspec.json.encode(data)).decode() if options.json else _table(data)) + "\n")
    return 0 if verdict.sound else 1


def _table(data: dict) -> str:
    rows = msgspec.to_builtins({**msgspec.to_builtins(data["verdict"]), **msgspec.to_builtins(data["generator"])})
    lines = [f"{key.replace('_', ' '):16} {value:.10g}" for key, value in rows.items() if key != "examples"]
    again = [f"{times:6} times {what}" for what, times in sorted(data["retried"].items())]
    return "\n".join([*lines, *again, *rows["examples"]])


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python tests/load", description="Let many visitors chat, and judge.")
    parser.add_argument("url", help="the frontend or a backend, such as http://127.0.0.1:30080")
    for name, kind in (("visitors", int), ("rate", float), ("seconds", float), ("seed", int)):
        parser.add_argument(f"--{name}", type=kind, default=getattr(Plan(url=""), name))
    parser.add_argument("--going-on", type=float, default=Plan(url="").going_on)
    parser.add_argument("--dropping", type=float, default=Plan(url="").dropping)
    parser.add_argument("--json", action="store_true", help="write the verdict as JSON")
    parser.add_argument("--records", type=Path, metavar="FILE", help="write everything that was seen there, as JSON")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
