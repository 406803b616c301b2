"""What --out and names may be: files that are not ours stay, mistakes are said
in the user's own words. Called by commands.py."""
import os
import shutil
import subprocess
import zipfile

from commands_world import (CONFIG, FOLDER, PLAN, PROGRAM, REGISTER, RELEASE,
                            WORK, check, read, run, tree, write)


def places():
    """What --out may name: nothing of the user's is lost, no time is wasted."""
    write("mine.txt", "mine\n")
    write("p2.toml", PLAN)
    write("mine.html", "<!DOCTYPE html><p>mine</p>\n")
    write("mine.csv", "name,remark\n")
    shutil.copy(os.path.join(FOLDER, "mine.txt"),
                os.path.join(FOLDER, "mine.xlsx"))
    with zipfile.ZipFile(os.path.join(FOLDER, "theirs.xlsx"), "w") as theirs:
        theirs.writestr("docProps/custom.xml", "Tally")
    before = tree(FOLDER)
    register = read(REGISTER)
    for words, code in (
            (["dashboard", "build", "--out", "p2.toml"], 7),
            (["dashboard", "build", "--out", "mine.html"], 7),
            (["dashboard", "build", "--out", WORK], 2),
            (["dashboard", "build", "--out", os.path.join(RELEASE, "a")], 2),
            (["export", "C03", "--out", "mine.xlsx"], 7),
            (["export", "C03", "--out", "theirs.xlsx"], 7),
            (["export", "C03", "--out", "mine.csv"], 7),
            (["export", "C03", "--out", "mine.txt"], 2),
            (["export", "C03", "--out", "tables"], 2),
            (["export", "C03", "--out", "fig.docx"], 2),
            (["export", "C03", "--format", "xlsx", "--out", "fig.csv"], 2),
            (["export", "C03", "--format", "csv", "--out", "figures.csv"], 2),
            (["export", "C03", "--format", "csv", "--out", "mine.txt"], 2),
            (["export", "C03", "--format", "csv", "--out", "mine.txt/a"], 2),
            (["measure", "run", "C03", "--out", "mine.txt"], 2),
            (["quality", "--out", "mine.txt"], 2),
            (["run", "p2.toml", "--out", "mine.txt"], 7),
            (["run", "p2.toml", "--out", "mine.txt/a"], 2),
            (["notebook", "--out", "mine.txt"], 2),
            (["synth", "--out", "mine.txt/a"], 2)):
        done = run(*words, code=code)
        check(f"{' '.join(words[:3])} to {os.path.basename(words[-1])} ends "
              f"with {code} and names it", ".tmp" not in done.stderr and (
                  "--out" in done.stderr or "release's folder" in done.stderr))
    nedds = run("dashboard", "build", "--page", "nedds", "--out", "n.html",
                code=4)
    check("a page that is none is said with the nearest one",
          "did you mean needs?" in nedds.stderr)
    after = tree(FOLDER)
    check("nothing that was there is lost, and nothing was computed",
          all(after.get(name) == digest for name, digest in before.items()
              if f"{os.sep}temp{os.sep}" not in name)
          and read(REGISTER) == register)
    folder = run("export", "C03", "--format", "csv", "--out", "figures.csv",
                 code=2)
    check("the message says what is expected", "folder" in folder.stderr)
    book = run("export", "C03", "--out", "fig.docx", code=2)
    check("and that a workbook ends in .xlsx", ".xlsx" in book.stderr)
    for words in (["export", "C03", "--out", "anew.xlsx"],
                  ["export", "C03", "--out", "anew.csv"],
                  ["export", "C03", "--out", "anew.json"],
                  ["export", "C03", "--out", "anew.parquet"],
                  ["export", "C03", "--format", "csv", "--out", "anew"]):
        run(*words)
        run(*words)
        check(f"earlier output is replaced: {words[-1]}", True)
    locked = os.path.join(FOLDER, "locked")
    os.mkdir(locked, 0o500)
    for place in [] if os.geteuid() == 0 else [locked]:
        shut = run("export", "C03", "--out", os.path.join(place, "a.xlsx"),
                   code=2)
        check("a folder that cannot be written is named",
              os.path.join(place, "a.xlsx") in shut.stderr)
    os.rmdir(locked)
    if os.path.isdir("/proc"):
        shut = run("measure", "run", "C03", "--out", "/proc/x", code=2)
        check("a place where no folder can be made is named",
              "/proc/x cannot be written" in shut.stderr)


def pages():
    page = os.path.join(FOLDER, "the page.html")
    done = run("dashboard", "build", "--out", page)
    check("dashboard build says how to open the page that it wrote",
          f"next: commissioning dashboard open '{page}'" in done.stderr)
    run("dashboard", "open", page)
    run("dashboard", "build", "--out", page)
    check("an earlier page is replaced", "<!DOCTYPE html>" in read(page))
    absent = run("dashboard", "open", "--release", "trial/r2026-10", code=4)
    check("a page that is not there is named",
          "r2026-10-dashboard.html" in absent.stderr)


def names():
    """What is not there is named, and so is what there is."""
    for words, code, parts in (
            (["measure", "run", "C02", "--profile", "lax"], 2,
             ["lax", "nhs-subnational"]),
            (["measure", "run", "C99"], 4, ["C99"]),
            (["measure", "describe", "C3"], 4, ["C3", "did you mean C03"]),
            (["describe", "gp_patien"], 4,
             ["gp_patien ", "did you mean gp_patient?"]),
            (["describe", "gp_patient", "--column", "sexx"], 4,
             ["sexx", "did you mean sex?"]),
            (["verify", "nowhere/at-all"], 4, ["nowhere/at-all"]),
            (["measure", "run"], 2, ["ID is missing: Measures, as in C02"]),
            (["disclosure", "report", "--project", "nope"], 4, ["nope"]),
            (["disclosure", "report", "--release", "trial/r2020-01"], 4,
             ["trial/r2020-01"]),
            (["notebook", RELEASE, "--release", RELEASE], 2, ["not both"])):
        done = run(*words, code=code)
        check(f"{' '.join(words[:4])}: {done.stderr.strip()[-90:]}",
              all(part in done.stderr for part in parts))
    far = run("measure", "run", "C07", "--dry-run", code=4)
    check("nothing is suggested where nothing is meant",
          "did you mean" not in far.stderr)
    run("measure", "run", "c03", "--dry-run")
    twice = run("measure", "run", "c03", "C03", code=2)
    check("small letters name a measure too", "C03 is named twice"
          in twice.stderr)
    run("notebook", "--release", "trial/r2026-10", "--dry-run")
    absent = subprocess.run(
        [PROGRAM, "measure", "list", "--config",
         os.path.join(FOLDER, "none.toml")], cwd=FOLDER, capture_output=True,
        text=True, check=False)
    check("measure list, too, needs the configuration that is named",
          absent.returncode == 2 and absent.stdout == ""
          and "none.toml" in absent.stderr)
    config = read(CONFIG)
    lines = [line for line in config.splitlines()
             if not line.startswith("disclosure")]
    write("lax.toml", "\n".join(['disclosure = { profile = "lax" }'] + lines))
    wrong = subprocess.run(
        [PROGRAM, "measure", "list", "--config",
         os.path.join(FOLDER, "lax.toml")], cwd=FOLDER, capture_output=True,
        text=True, check=False)
    check("a profile of the configuration is named with its line",
          wrong.returncode == 2 and "lax.toml:" in wrong.stderr
          and "there is no disclosure profile lax" in wrong.stderr)
