"""What `commissioning run`, `export`, `synth`, `notebook` and tables in one
stream do, seen from outside. Called by tests/e2e/commands."""
import ast
import csv
import hashlib
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import xml.etree.ElementTree as ET
import zipfile

from commands_places import names, pages, places
from commands_world import (CONFIG, FOLDER, PLAN, PROGRAM, REGISTER, RELEASE,
                            WORK, check, passed, read, run, tree, write)


def streams():
    before = tree(WORK)
    refused = run("measure", "run", "C02", "--format", "csv", code=2)
    check("two tables in one CSV stream are refused, naming the ways out",
          "--table" in refused.stderr and "--out" in refused.stderr
          and refused.stdout == "")
    run("quality", "--format", "csv", code=2)
    run("describe", "gp_patient", "--format", "csv", code=2)
    check("a refused stream has released nothing", not os.path.exists(REGISTER)
          and {k: v for k, v in tree(WORK).items() if "temp" not in k} == before)
    one = run("measure", "run", "C02", "--table", "dependency", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(one.stdout)))
    check("one table is one CSV stream", len(rows) > 3 and "ratio" in rows[0])
    lines = run("measure", "run", "C02", "--format", "jsonl").stdout.splitlines()
    check("each line of JSONL names its table",
          {json.loads(line)["table"] for line in lines}
          == {"population_profile", "dependency"})
    alone = run("measure", "run", "C03", "--format", "jsonl").stdout.splitlines()
    check("lines of one table need no name", "table" not in json.loads(alone[0]))
    run("measure", "run", "C03", "--table", "dependency", code=4)
    listed = run("quality", "--out", "quality", "--format", "csv").stdout
    files = [row["file"] for row in csv.DictReader(io.StringIO(listed))]
    check("--out lists the files that it wrote", len(files) == 9 and all(
        os.path.isfile(os.path.join(FOLDER, file)) for file in files))
    run("measure", "run", "C03", "--out", os.path.join(RELEASE, "mine"), code=2)
    check("nothing is written into the release",
          run("verify", RELEASE).returncode == 0)
    before = read(REGISTER)
    wrong = run("measure", "run", "C02", "C03", "--by", "age_band", code=2)
    check("all that was asked for is looked at before the first figure",
          "C03 is not grouped by age_band" in wrong.stderr
          and read(REGISTER) == before)
    twice = run("measure", "run", "C02", "C03", "C02", code=2)
    check("a measure that is named twice is refused by its name",
          "measure C02 is named twice" in twice.stderr and twice.stdout == ""
          and read(REGISTER) == before)
    half = run("measure", "run", "C03", "C12", "--out", "half", code=4)
    check("what is not available is said, and the rest is there",
          "C12 not available" in half.stderr
          and os.path.exists(os.path.join(FOLDER, "half", "C03-prevalence.csv")))
    run("measure", "run", "C12", "--table", "rtt_waits", code=4)
    cut = run("measure", "run", "C04", "--table", "segment_moves", "--by", "sex",
              "--dry-run", code=4).stderr.splitlines()
    check("a table that --by leaves out is named once, with its reason",
          cut[-1].endswith("not available: C04 segment_moves")
          and "without --by only" in cut[-2])
    nowhere = run("sql", "SELECT count(*) FROM nowhere", code=4)
    check("a statement about no table names those that there are",
          "gp_patient" in nowhere.stderr and "\n  " in nowhere.stderr)
    run("sql", "SELECT count(*) AS n FROM gp_patient", "--json", "--format", "csv",
        code=2)
    run("export", "C03", "C12", "--out", "half.xlsx", code=4)
    check("--by takes spaces as people write them", run(
        "measure", "run", "C02", "--by", "practice, sex",
        "--dry-run").returncode == 0)
    for name in ("trial/r2026-10", "projects/trial/releases/r2026-10",
                 "r2026-10", RELEASE):
        report = run("disclosure", "report", "--release", name, "--json").stdout
        check(f"disclosure report takes {name}", len(json.loads(report)) > 2)
    run("measure", "run", "C02", "--timeout", "5s", code=2)
    near = run("measure", "run", "C02", "--release", "trial/r2026-11", code=4)
    check("a wrong release is told the nearest", "trial/r2026-10" in near.stderr)
    beside = subprocess.run(
        [PROGRAM, "measure", "run", "C02", "--dry-run", "--config",
         "commissioning.toml"], cwd=FOLDER, capture_output=True, check=False)
    check("--config may be relative", beside.returncode == 0)


def wrong_plans():
    for text, line, words in (
            ("release = 1\nstep = []\n", 1, "release"),
            ('release = "trial/r2026-10"\nstep = []\n', 2, "steps"),
            ('release = "trial/r2026-10"\nsteps = []\n', 2, "step"),
            (PLAN.replace('"C02"', '"C2"'), 5, "C02"),
            (PLAN.replace("by =", "bye ="), 4, "bye"),
            (PLAN.replace('["people"]', '["peopel"]'), 3, "people"),
            (PLAN.replace('"needs", "pop', '"need", "pop'), 3, "needs"),
            (PLAN.replace('"linkage"', '"people"'), 6, "twice"),
            (PLAN.replace('measure = "C02"', 'measure = "C02", needs = ["page"]'),
             3, "circle"),
            (PLAN.replace('["practice"]', '["practise"]'), 4, "practice"),
            ('month = "2026"\n' + PLAN, 1, "YYYY-MM"),
            ('month = "1999-01"\n' + PLAN, 1, "covers"),
            ('profile = "nhs-subnationl"\n' + PLAN, 1, "nhs-subnational"),
            (PLAN.replace('"C02"', '"C99"'), 5, "no measure C99 ("),
            ('profile = "lax"\n' + PLAN, 1, "no disclosure profile lax"),
            ('profile = "lax"\n' + PLAN.replace('"C02"', '"C99"'), 6,
             "2 mistakes"),
            (PLAN.replace('["practice"]', '["practise"]').replace(
                'measure = "C02"', 'measure = "C02", by = ["sexx"]'), 5,
             "practice"),
            (PLAN.replace('"linkage"', '"people"').replace("by =", "bye =")
             .replace('"C02"', '"C99"'), 6, "3 mistakes"),
            ('sql = "SELECT 1"\n' + PLAN, 1, "sql")):
        path = write("wrong.toml", text)
        done = run("run", path, "--out", "wrong", code=2)
        check(f"a wrong plan names line {line} and {words}: "
              f"{done.stderr.strip().splitlines()[-1][-100:]}",
              f"wrong.toml:{line}" in done.stderr and words in done.stderr)
    check("a wrong plan leaves nothing", not os.path.exists(
        os.path.join(FOLDER, "wrong")) and not os.path.exists(
            os.path.join(FOLDER, "wrong.part")))
    run("run", code=2)
    run("run", "wrong.toml", "--all", code=2)
    run("run", "nowhere.toml", code=4)
    write("absent.toml", PLAN.replace("r2026-10", "r2020-01"))
    absent = run("run", "absent.toml", code=4)
    check("a plan whose release is not here says how to get it",
          "commissioning pull trial/r2020-01" in absent.stderr)


def check_run_folder(folder, others=None):
    about = json.loads(read(folder, "run.json"))
    listed = {entry["path"]: entry["sha256"] for entry in about["files"]}
    check("run.json has the digest of every other file",
          listed == tree(folder, ("run.json", "timings.json")))
    others = others or {}
    check(f"every step is done{', but ' + str(others) if others else ''}",
          all(step["state"] == others.get(step["id"], "done")
              for step in about["steps"]))
    return about


def plans():
    write("plan.toml", PLAN)
    before = {k: v for k, v in tree(WORK).items() if "temp" not in k}
    planned = run("run", "plan.toml", "--dry-run", "--out", "first",
                  "--format", "csv").stdout
    rows = list(csv.DictReader(io.StringIO(planned)))
    check("--dry-run says which tables, their rows, columns and hidden cells",
          {"dependency", "prevalence", "linkage_summary"}
          <= {row["table"] for row in rows} and all(
              int(row["rows"]) > 0 and int(row["columns"]) > 1 for row in rows
              if row["table"] and row["state"] == "would be printed")
          and [row["state"] for row in rows if row["step"] == "page"]
          == ["would be printed"])
    check("--dry-run leaves no trace", not os.path.exists(
        os.path.join(FOLDER, "first")) and before
          == {k: v for k, v in tree(WORK).items() if "temp" not in k})
    done = json.loads(run("run", "plan.toml", "--out", "first", "--json",
                          "--threads", "1").stdout)
    check("steps run after what they need, else as in the file",
          [step["id"] for step in done["steps"]]
          == ["conditions", "people", "page", "linkage"])
    first = os.path.join(FOLDER, "first")
    about = check_run_folder(first)
    check("the plan's digest is that of its bytes", about["plan"]["sha256"]
          == hashlib.sha256(PLAN.encode()).hexdigest()
          and read(first, "plan.toml") == PLAN)
    check("the page has what the plan asks for and no more",
          'id="needs"' in read(first, "dashboard.html")
          and 'href="#quality"' not in read(first, "dashboard.html"))
    run("run", "plan.toml", "--out", "second", "--threads", "2")
    check("the same plan on the same release gives the same bytes",
          tree(first, ("timings.json",)) == tree(
              os.path.join(FOLDER, "second"), ("timings.json",)))
    os.mkdir(first + ".old")
    write("first.old/notes.txt", "mine\n")
    run("run", "plan.toml", "--out", "first/")
    check("an earlier run is replaced, and nothing beside it",
          read(first + ".old", "notes.txt") == "mine\n" and not
          [name for name in os.listdir(FOLDER) if "tally-" in name])
    gate = list(csv.DictReader(io.StringIO(read(first, "gate.csv"))))
    hidden = read(first, "people", "dependency.csv").count("*")
    check("gate.csv counts hidden cells", [row["hidden_cells"] for row in gate if
          row["table"] == "dependency"] == [str(hidden)])
    os.mkdir(os.path.join(FOLDER, "mine"))
    write("mine/notes.txt", "mine\n")
    run("run", "plan.toml", "--out", "mine", code=7)
    check("a folder that is no run is left alone",
          read(FOLDER, "mine", "notes.txt") == "mine\n")
    write("mine/run.json", "{}\n")
    run("run", "plan.toml", "--out", "mine", code=7)
    os.mkdir(os.path.join(first, "drafts"))
    write("first/drafts/board.txt", "mine\n")
    run("run", "plan.toml", "--out", "first", code=7)
    check("what somebody put into the folder of a run is left alone",
          read(first, "drafts", "board.txt") == "mine\n"
          and read(FOLDER, "mine", "notes.txt") == "mine\n")
    shutil.rmtree(os.path.join(first, "drafts"))
    kept = read(first, "gate.csv")
    write("first/gate.csv", kept + "mine\n")
    edited = run("run", "plan.toml", "--out", "first", code=7)
    check("a file of a run that was edited since is left alone, by its name",
          read(first, "gate.csv").endswith("mine\n")
          and "holds gate.csv, which is not as" in edited.stderr)
    write("first/gate.csv", kept)
    write("mine/run.json", '{"format": 2, "files": []}\n')
    run("run", "plan.toml", "--out", "mine", code=7)
    os.makedirs(os.path.join(FOLDER, "definitions"), exist_ok=True)
    write("definitions/C02.toml", "id = \n")
    changed = write("damaged.toml", read(CONFIG)
                    + '\n[reference]\ndefinitions = "definitions"\n')
    before = read(REGISTER)
    damaged = subprocess.run(
        [PROGRAM, "measure", "run", "C01", "--config", changed], cwd=FOLDER,
        capture_output=True, text=True, check=False)
    planned = subprocess.run(
        [PROGRAM, "run", "plan.toml", "--out", "damaged", "--config", changed],
        cwd=FOLDER, capture_output=True, text=True, check=False)
    check("a damaged definition is found before the first figure",
          damaged.returncode == planned.returncode == 2
          and "C02.toml:1" in damaged.stderr and "C02.toml:1" in planned.stderr
          and read(REGISTER) == before)
    run("run", "plan.toml", "--out", os.path.join(RELEASE, "x"), code=2)
    run("run", "plan.toml", "--month", "1999-01", "--out", "x", code=2)
    run("run", "plan.toml", "--release", "trial/r2020-01", code=4)
    run("run", "plan.toml", "--profile", "nhs-national", "--out", "x", code=6)
    everything = json.loads(run("run", "--all", "--json").stdout)
    check("--all computes what the release can carry, and the page",
          everything["folder"] == os.path.join(
              WORK, "runs", "trial", "r2026-10", "all")
          and {"C01", "C02", "C03"} <= {step["measure"] for step in
                                       everything["steps"]
                                       if step["state"] == "done"})


def sheets(path):
    """Sheet name -> rows of (kind, text), and the raw XML of the sheets."""
    space = {"m": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}
    with zipfile.ZipFile(path) as book:
        names = book.namelist()
        strings = ["".join(t.text or "" for t in item.iter(
            "{%s}t" % space["m"])) for item in ET.fromstring(
                book.read("xl/sharedStrings.xml"))]
        titles = [sheet.get("name") for sheet in ET.fromstring(
            book.read("xl/workbook.xml")).find("m:sheets", space)]
        found, raw = {}, ""
        for i, title in enumerate(titles):
            text = book.read(f"xl/worksheets/sheet{i + 1}.xml").decode()
            raw += text
            rows = []
            for row in ET.fromstring(text).find("m:sheetData", space):
                cells = []
                for cell in row:
                    value = cell.find("m:v", space)
                    value = "" if value is None else value.text
                    if cell.get("t") == "s":
                        cells.append(("text", strings[int(value)]))
                    else:
                        cells.append((cell.get("t") or "number", value))
                rows.append(cells)
            found[title] = rows
    return found, raw, names


def workbooks():
    run("export", "C01", "C02", "C03", "--out", "a.xlsx")
    run("export", "C01", "C02", "C03", "--out", "b.xlsx")
    check("the same figures give the same workbook", read_bytes("a.xlsx")
          == read_bytes("b.xlsx"))
    book, raw, names = sheets(os.path.join(FOLDER, "a.xlsx"))
    check("contents, facts and notes come first",
          list(book)[:3] == ["Contents", "About", "Notes"]
          and [row[0][1] for row in book["Contents"][1:]] == list(book)[3:])
    check("no formula, link, merged cell, frozen pane or filter", not any(
        word in raw for word in ("<f>", "<f ", "hyperlink", "mergeCell",
                                 "<pane", "autoFilter"))
          and not any("rels" in name and "worksheets" in name for name in names))
    check("no blank cell", all(cell[1] != "" for rows in book.values()
                               for row in rows for cell in row)
          and all(len({len(row) for row in rows}) == 1 for rows in book.values()))
    table = json.loads(run("measure", "run", "C02", "--table", "dependency",
                           "--json").stdout)["tables"][0]
    sheet = book["C02 dependency"]
    check("one header row from A1, rows as in the table",
          len(sheet) == len(table["rows"]) + 1)
    for row, cells in zip(table["rows"], sheet[1:]):
        for value, (kind, text) in zip(row, cells):
            number = isinstance(value, (int, float))
            check_quiet("numbers are numbers, marks are texts",
                        kind == ("number" if number else "text"))
            check_quiet("the same value", float(text) == value if number
                        else text == value)
    labels = {cell[1] for row in sheet for cell in row if cell[0] == "text"}
    check("hostile labels stay text, unchanged",
          {"=cmd|'/C calc'!A0", "+44 20 7946 0000", "@SUM(1,2)", "-2+3",
           "https://example.org/x", "\t=1+1", '<b>&"quoted"</b>'} <= labels)
    header = book["C03 prevalence"][0][0][1]
    listed = {row[0][1] for row in book["Notes"]}
    marks = {"[" + mark.rstrip() for mark in header.split("[")[1:]}
    check("notes of a header are on the sheet of notes",
          len(marks) > 1 and marks <= listed)
    run("export", "C02", "--format", "csv", "--out", "csv")
    text = read(FOLDER, "csv", "C02-dependency.csv")
    starts = {row[0][:1] for row in csv.reader(io.StringIO(text))}
    check("no label of a CSV file begins as a formula does",
          not starts & set("=+-@\t\r") and "'" in starts)
    for form in ("json", "parquet"):
        run("export", "C02", "--format", form, "--out", form)
    rows = json.loads(run(
        "sql", "SELECT count(*) AS n FROM gp_patient", "--json").stdout)
    names = os.listdir(os.path.join(FOLDER, "parquet"))
    check("figures of made-up people say so beside the files", "example" in read(
        FOLDER, "parquet", "MADE-UP.txt"))
    check("parquet and json are there", len(names) == 3 and json.loads(read(
            FOLDER, "json", "C02-dependency.json"))["rows"] == table["rows"]
          and rows[0]["n"] > 0)
    run("export", "C03", "--out", "one.csv")
    check("the ending of --out says the format", read(
        FOLDER, "one.csv").startswith("condition,"))
    run("export", "C02", "--out", "two.csv", code=2)
    run("export", "C99", code=4)
    run("export", "C02", "--format", "ods", code=2)


def read_bytes(name):
    with open(os.path.join(FOLDER, name), "rb") as file:
        return file.read()


def check_quiet(what, true):
    if not true:
        sys.exit(f"FAILED: {what}")


def shape(release):
    tables = {}
    for table in ("persons", "gp_patient", "gp_event", "coverage"):
        words = run("sql", f"DESCRIBE {table}", "--release", release, "--json")
        tables[table] = [(row["column_name"], row["column_type"])
                         for row in json.loads(words.stdout)]
    return tables


def synthetic():
    made = json.loads(run("synth", "--rows", "6000", "--json").stdout)
    folder = made["folder"]
    check("synth makes the folder where the manual says", folder == os.path.join(
        WORK, "synthetic", "trial", "r2026-10"))
    check("the same tables, columns and types", shape(folder) == shape(RELEASE))
    run("synth", "--rows", "6000", "--out", "again")
    check("the same seed gives the same bytes",
          tree(folder) == tree(os.path.join(FOLDER, "again")))
    run("synth", "--rows", "6000", "--seed", "2", "--out", "other")
    check("another seed gives other rows", tree(folder)["tables/gp_patient/"
          "part-00000.parquet"] != tree(os.path.join(FOLDER, "other"))[
              "tables/gp_patient/part-00000.parquet"])
    bare = os.path.join(FOLDER, "bare")
    shutil.copytree(RELEASE, bare)
    shutil.rmtree(os.path.join(bare, "tables"))
    run("synth", bare, "--rows", "6000", "--out", "from-words")
    check("no table of the release is read: without them the same bytes",
          tree(folder) == tree(os.path.join(FOLDER, "from-words")))
    about = json.loads(read(folder, "manifest.json"))
    check("manifest and dictionary say synthetic, and nothing is signed",
          about["environment"] == "synthetic" and not os.path.exists(
              os.path.join(folder, "manifest.sig")) and json.loads(
                  read(folder, "dictionary.json"))["tally"]["environment"]
          == "synthetic")
    before = read(REGISTER)
    # Made-up practices are small: by practice and sex most of a prevalence would
    # be hidden, so the gate refuses the table, the run says so, the rest is there.
    done = run("run", "plan.toml", "--release", folder, "--out", "made-up",
               code=3)
    about = check_run_folder(os.path.join(FOLDER, "made-up"),
                             {"conditions": "refused"})
    check("what was refused stands in not_available.csv with the reason",
          "conditions,C03,prevalence,refused,table prevalence is not released"
          in read(FOLDER, "made-up", "not_available.csv"))
    check("a plan runs on it without a change", about["release"]["synthetic"]
          and "synthetic" in done.stderr)
    titles = [json.loads(read(root, name)) for root, _, names in
              os.walk(os.path.join(FOLDER, "made-up")) for name in names
              if name.endswith(".json") and name not in ("run.json",
                                                         "timings.json")]
    check("title and first note of every table say so", len(titles) >= 5 and all(
        table["title"].startswith("Synthetic: ")
        and table["notes"][0].startswith("Synthetic data") for table in titles))
    check("the page says so", "Environment synthetic" in read(
        FOLDER, "made-up", "dashboard.html"))
    check("figures about nobody are registered apart", read(REGISTER) == before
          and os.path.exists(os.path.join(WORK, "synthetic", "disclosure",
                                          "released.jsonl")))
    rows = json.loads(run("sql", "SELECT count(*) AS n, count(DISTINCT person) "
                          "AS p, count(DISTINCT practice_code) AS o, sum(CASE "
                          "WHEN registration_end < registration_start THEN 1 "
                          "ELSE 0 END) AS late FROM gp_patient",
                          "--release", folder, "--json").stdout)[0]
    check("people have one registration, in an order that can be", rows["p"]
          == 6000 and rows["n"] == 6060 and rows["o"] > 2 and rows["late"] == 0)
    refused_releases(folder)


def refused_releases(folder):
    real = os.path.join(FOLDER, "unsigned")
    shutil.copytree(RELEASE, real)
    os.remove(os.path.join(real, "manifest.sig"))
    run("verify", real, code=11)
    both = os.path.join(FOLDER, "both")
    shutil.copytree(folder, both)
    shutil.copy(os.path.join(RELEASE, "manifest.sig"), both)
    run("verify", both, code=11)
    changed = os.path.join(FOLDER, "changed")
    shutil.copytree(folder, changed)
    with open(os.path.join(changed, "agreement.toml"), "a",
              encoding="utf-8") as file:
        file.write("\n")
    run("verify", changed, code=11)
    check("unsigned, doubly named and changed folders are refused", True)
    run("synth", folder, code=2)
    run("synth", "--rows", "0", code=2)
    run("synth", "--out", os.path.join(RELEASE, "x"), code=2)
    run("synth", "--out", "mine", code=7)
    run("synth", "--rows", "10", "--out", "again")
    check("a synthetic release is replaced, nothing else",
          read(FOLDER, "mine", "notes.txt") == "mine\n")


def notebooks():
    files = json.loads(run("notebook", "--out", "books", "--json").stdout)["files"]
    book = json.loads(read(FOLDER, files[0]))
    check("nbformat 4.5", (book["nbformat"], book["nbformat_minor"]) == (4, 5)
          and set(book) == {"cells", "metadata", "nbformat", "nbformat_minor"})
    ids = [cell["id"] for cell in book["cells"]]
    check("cells have ids and no output", len(set(ids)) == len(ids) and all(
        cell["outputs"] == [] and cell["execution_count"] is None
        for cell in book["cells"] if cell["cell_type"] == "code"))
    code = ["".join(cell["source"]) for cell in book["cells"]
            if cell["cell_type"] == "code"]
    for text in code:
        ast.parse(text)
    check("cells are Python", len(code) >= 5 and any("JOIN" in c for c in code))
    quarto = read(FOLDER, files[1])
    check("Quarto has chunks that end", quarto.count("```{r}") >= 4
          and quarto.count("```") == 2 * quarto.count("```{r}"))
    values = [row["practice_code"] for row in json.loads(run(
        "sql", "SELECT DISTINCT practice_code FROM gp_patient",
        "--json").stdout)]
    check("no value of the data is in them", not any(
        value in text for value in values
        for text in [quarto, read(FOLDER, files[0])]))
    run("notebook", "--out", "books", code=7)
    run("notebook", "--out", "r-only", "--language", "r")
    check("one language alone", os.listdir(os.path.join(FOLDER, "r-only"))
          == ["r2026-10-notebook.qmd"])
    check("the last cell names the program and its configuration",
          "commissioning" in code[-1] and "--config" in code[-1])


def stopped():
    """SIGINT by the process id, once the release is open."""
    every = [row["id"] for row in json.loads(run("measure", "list",
                                                 "--json").stdout)]
    page = os.path.join(FOLDER, "stopped.html")
    book = os.path.join(FOLDER, "stopped.xlsx")
    for words, file in ((["measure", "run", *every], None),
                        (["dashboard", "build", "--out", page], page),
                        (["export", *every, "--out", book], book)):
        name = " ".join(words[:2])
        with subprocess.Popen([PROGRAM, *words, "--config", CONFIG], cwd=FOLDER,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True) as process:
            first = process.stderr.readline()
            os.kill(process.pid, signal.SIGINT)
            out, rest = process.communicate(timeout=60)
        check(f"{name} had begun", "environment" in first)
        check(f"{name} ends with 130 when it is interrupted, not {process.returncode}",
              process.returncode == 130)
        check(f"{name} says so and what to do, and prints nothing",
              "stopped" in rest and "run the same command again" in rest
              and out == "")
        check(f"{name} leaves no file", file is None or not os.path.exists(file))


def helps():
    for words in (["run"], ["export"], ["synth"], ["notebook"]):
        text = run(*words, "--help").stdout
        check(f"help of {words[0]} opens with examples",
              text.count("commissioning " + words[0]) >= 2)
    for words in (["run"], ["export"], ["measure", "run"],
                  ["dashboard", "build"]):
        text = run(*words, "--help").stdout
        check(f"{' '.join(words)} takes what all take that compute figures", all(
            flag in text for flag in ("--release", "--month", "--profile",
                                      "--accept", "--spc-mode")))


def describe(*words, home):
    return subprocess.run([PROGRAM, "measure", "describe", "C04", *words],
                          cwd=FOLDER, capture_output=True, text=True,
                          check=False, env={**os.environ, "HOME": home})


def descriptions():
    home = os.path.join(FOLDER, "home")
    os.makedirs(os.path.join(home, ".config", "tally"))
    if not os.path.exists("/etc/tally/commissioning.toml"):
        check("definitions are read where there is no configuration",
              describe(home=home).stdout.startswith("# C04"))
    absent = describe("--config", os.path.join(FOLDER, "none.toml"), home=home)
    check("a configuration that is named has to be there",
          absent.returncode == 2 and absent.stdout == ""
          and "none.toml" in absent.stderr)
    write(os.path.join(home, ".config", "tally", "commissioning.toml"),
          "work = 1\n")
    broken = describe(home=home)
    check("a usual configuration that is broken is no missing one",
          broken.returncode == 2 and broken.stdout == "")


helps()
descriptions()
streams()
wrong_plans()
plans()
workbooks()
places()
pages()
names()
synthetic()
notebooks()
stopped()
print(f"passed: {len(passed)} checks")
