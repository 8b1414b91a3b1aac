"""Let many visitors chat, and check what they were shown: `python tests/load URL --visitors 100 --rate 20`.

Exit 0 when every message was shown exactly once and in order, 1 when not, 2 when it could not be played.
"""

from gevent import monkey

monkey.patch_all()

import argparse  # noqa: E402 - after the patch
import resource  # noqa: E402
import sys  # noqa: E402

import msgspec  # noqa: E402
from generator import Generator, Plan, report  # noqa: E402
from verdict import verdict  # noqa: E402


def main() -> int:
    plan = Plan(**_options())
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # a stream each, and the requests
    generator = Generator(plan, report)
    try:
        cost = generator.play()
    except TimeoutError as error:
        report(f"load: {error}")
        return 2
    result = verdict(generator.run)
    data = {"plan": plan, "verdict": result, "generator": cost, "retried": generator.run.retried}
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(data)).decode() + "\n")
    return 0 if result.sound else 1


def _options() -> dict:
    parser = argparse.ArgumentParser(prog="python tests/load", description=__doc__)
    parser.add_argument("url", help="the frontend or a backend, such as http://127.0.0.1:30080")
    for field in msgspec.structs.fields(Plan):
        if field.name != "url":
            parser.add_argument(f"--{field.encode_name.replace('_', '-')}", type=field.type, default=field.default)
    return vars(parser.parse_args())


if __name__ == "__main__":
    sys.exit(main())
