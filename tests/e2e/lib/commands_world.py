"""A small signed release, and the program at work on it: what the checks of
tests/e2e/commands share. Called with the program and the release's folder."""
import hashlib
import os
import subprocess
import sys

PROGRAM, FOLDER = sys.argv[1], sys.argv[2]
CONFIG = os.path.join(FOLDER, "commissioning.toml")
WORK = os.path.join(FOLDER, "work")
RELEASE = os.path.join(WORK, "trial", "r2026-10")
REGISTER = os.path.join(WORK, "disclosure", "released.jsonl")
passed = []


def run(*words, code=0, cwd=FOLDER):
    done = subprocess.run([PROGRAM, *words, "--config", CONFIG], cwd=cwd,
                          capture_output=True, text=True, check=False)
    if done.returncode != code:
        sys.exit(f"FAILED: {' '.join(words)}: exit code {done.returncode}, "
                 f"expected {code}\n{done.stderr}")
    return done


def check(what, true):
    if not true:
        sys.exit(f"FAILED: {what}")
    passed.append(what)
    print("ok ", what)


def tree(folder, leave=()):
    """Path -> digest of every file below."""
    found = {}
    for root, _, files in os.walk(folder):
        for name in files:
            path = os.path.join(root, name)
            relative = os.path.relpath(path, folder)
            if relative not in leave:
                with open(path, "rb") as file:
                    found[relative] = hashlib.sha256(file.read()).hexdigest()
    return found


def write(name, text):
    path = os.path.join(FOLDER, name)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def read(*parts):
    with open(os.path.join(*parts), encoding="utf-8", newline="") as file:
        return file.read()


PLAN = """release = "trial/r2026-10"
step = [
  { id = "page", dashboard = ["needs", "population"], needs = ["people"] },
  { id = "conditions", measure = "C03", by = ["practice"] },
  { id = "people", measure = "C02" },
  { id = "linkage", measure = "C01" },
]
"""
