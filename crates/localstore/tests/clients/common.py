"""What the scripts of all clients share: where the store is, and how two results are compared."""

import os
import subprocess
import sys

endpoint, region, key_id, secret, folder = sys.argv[1:6]
MIB = 1024 * 1024
count = 0
# Some clients cannot start with it, and there is no TLS here.
os.environ.pop("AWS_CA_BUNDLE", None)


def same(found, expected):
    """One operation's result is what Amazon documents."""
    global count
    count += 1
    assert found == expected, f"operation {count}: found {found!r}, expected {expected!r}"


def says(words, text):
    """A program says these words, in any case."""
    same((words.lower() in text.lower(), text if words.lower() not in text.lower() else ""), (True, ""))


def holds(condition, shown=""):
    same((bool(condition), shown if not condition else ""), (True, ""))


def run(*command, environment=None, fails=False):
    """What a program prints; with `fails`, what it prints when it is refused."""
    done = subprocess.run(command, env=environment or os.environ, capture_output=True, text=True, timeout=120)
    assert (done.returncode != 0) == fails, f"{command}: {done.returncode} {done.stdout} {done.stderr}"
    return done.stdout + (done.stderr if fails else "")


def write(name, content):
    path = os.path.join(folder, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(content)
    return path


def read(path):
    with open(path, "rb") as file:
        return file.read()


def finish(client):
    assert count >= 30, f"{client}: only {count} results were compared"
    print(client, "works,", count, "results")
