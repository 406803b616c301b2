"""Counts what must become of extracts of Hospital Episode Statistics.

A second opinion for tests/e2e/hes, written from docs/spec/dataset-v1.md and the
specifications in datasets/ alone: it shares no line with the programs. Needs
nothing but the language itself.

    hes_count.py columns SPECIFICATION
        names of its columns, repeats expanded
    hes_count.py said SOURCE FILE
        what check or push printed as JSON, in the lines of count
    hes_count.py count FIRST LAST GROUP DATASET=FILE... [GROUP DATASET=FILE...]
        lines `what dataset detail number` for the months FIRST to LAST; groups
        (one word without =) are deliveries of one source each
"""

import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
DATASETS = os.path.join(HERE, "..", "..", "..", "datasets")
CANARIES = {str(n) for n in (
    9990000018, 9990000026, 9990000034, 9990000042, 9990000050, 9990000069,
    9990000077, 9990000085, 9990000093, 9990000107, 9990000115, 9990000123,
    9990000131, 9990000158, 9990000166, 9990000174)}


def word(line, key):
    found = re.search(r'[{ ]%s = "([^"]*)"' % key, line)
    return found.group(1) if found else None


def words(line, key):
    found = re.search(r"[{ ]%s = \[([^]]*)\]" % key, line)
    return re.findall(r'"([^"]*)"', found.group(1)) if found else []


def number(line, key):
    found = re.search(r"[{ ]%s = ([0-9-]+)[ ,}]" % key, line)
    return found.group(1) if found else None


class Specification:
    """Entries of the arrays, which stand one a line."""

    def __init__(self, path):
        part = "head"
        self.columns, self.inputs, self.nulls, self.period = [], {}, {""}, None
        for line in open(path, encoding="ascii"):
            if re.match(r"(column|drop|rule) = \[", line):
                part = line.split()[0]
            elif part == "head" and line.startswith("null_markers"):
                self.nulls |= set(re.findall(r'"([^"]*)"', line))
            elif part == "head" and line.startswith("period_column"):
                self.period = line.split('"')[1]
            elif line.startswith("  {") and part in ("column", "drop"):
                self.entry(line, part)

    def entry(self, line, part):
        name = word(line, "name")
        derive = re.search(r"derive = \{(.*)\}", line)
        derive = " " + derive.group(1) + "," if derive else ""
        source = word(derive, "from") or name
        plain = re.sub(r"derive = \{.*?\}(?=,)", "", re.sub(r"table = \{.*?\},", "", line))
        times = int(number(plain, "repeat") or 0)
        for i in range(1, times + 1) if times else [0]:
            end = "_%02d" % i if i else ""
            aliases = {a + end for a in words(plain, "aliases")}
            marks = set(words(plain, "null_markers"))
            known = self.inputs.setdefault(
                (name if part == "drop" or not derive else source) + end, [set(), set()])
            known[0] |= aliases
            known[1] |= marks
            if part == "drop":
                continue
            codes = re.search(r"codes = \{(.*?)\}", plain)
            self.columns.append({
                "name": name + end, "input": source + end, "type": word(plain, "type"),
                "by": word(derive, "by"), "at": word(derive, "at"),
                "table": dict(re.findall(r'"([^"]*)" = "([^"]*)"', derive)),
                "required": "required = true" in plain, "outside": "outside =" in plain,
                "min": number(plain, "min"), "max": number(plain, "max"),
                "pattern": word(plain, "pattern"),
                "codes": set(re.findall(r'"([^"]*)" =', codes.group(1))) if codes else set()})


def rows(path):
    """RFC 4180, byte for byte."""
    text = open(path, encoding="utf-8", newline="").read()
    field, row, quoted, i = "", [], False, 0
    while i < len(text):
        c = text[i]
        if quoted and c == '"' and text[i + 1:i + 2] == '"':
            field, i = field + '"', i + 1
        elif c == '"':
            quoted = not quoted
        elif not quoted and c in ",\r\n":
            row.append(field)
            field = ""
            if c != ",":
                i += text[i:i + 2] == "\r\n"
                yield row
                row = []
        else:
            field += c
        i += 1
    if row or field:
        yield row + [field]


def person(value):
    """(number, None), or (None, the reason why there is none)."""
    if value is None:
        return None, "NHS_NUMBER_MISSING"
    digits = re.sub(r"[ -]", "", value)
    if not re.fullmatch(r"\d{10}|\d{3} \d{3} \d{4}|\d{3}-\d{3}-\d{4}", value):
        return None, "NHS_NUMBER_FORMAT"
    if len(set(digits)) == 1:
        return None, "NHS_NUMBER_REPEATED_DIGIT"
    if digits in CANARIES:
        return None, "NHS_NUMBER_CANARY"
    if int(digits[:3]) < 900:
        return None, "NHS_NUMBER_RANGE"
    check = 11 - sum((10 - i) * int(d) for i, d in enumerate(digits[:9])) % 11
    if check % 11 != int(digits[9]) or check == 10:
        return None, "NHS_NUMBER_CHECK_DIGIT"
    return digits, None


def day(value):
    found = re.fullmatch(r"(\d{4})-(\d{2})-(\d{2})", value)
    if not found:
        raise ValueError("DATE_INVALID")
    year, month, date = map(int, found.groups())
    lengths = [31, 29 if year % 4 == 0 and (year % 100 or year % 400 == 0) else 28,
               31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    if not 1 <= month <= 12 or not 1 <= date <= lengths[month - 1]:
        raise ValueError("DATE_INVALID")
    return year, month, date


def whole(value):
    if not re.fullmatch(r"-?\d+(\.0*)?", value):
        raise ValueError("VALUE_TYPE")
    return int(value.split(".")[0])


def derived(column, value, get):
    """The value of a column; ValueError says why its row is dropped."""
    by = column["by"]
    if value is None:
        return None
    if by == "rekey":
        return value
    if by in ("year", "month"):
        year, month, _ = day(value)
        return year if by == "year" else (year, month, 1)
    if by == "hour":
        if not re.fullmatch(r"([01]\d|2[0-3])[0-5]\d", value):
            raise ValueError("VALUE_TYPE")
        return int(value[:2])
    if by == "age_fy":
        at = get(column["at"])
        if at is None:
            return None
        year, month, _ = day(at)
        age = whole(value)
        age = 0 if 7001 <= age <= 7007 else age
        return min(max(year - (month < 4) - (year - age), 0), 90)
    if by == "map":
        return column["table"].get(value, value)
    if by == "icd10":
        code = re.sub(r"[.+*]", "", value)[:4]
        return re.sub(r"[X-]$", "", code) if len(code) == 4 else code
    return value


def checked(column, value):
    if value is None:
        if column["required"]:
            raise ValueError("VALUE_MISSING")
        return None
    if column["type"] == "date":
        value = value if isinstance(value, tuple) else day(value)
        if value[0] > 2100:
            raise ValueError("DATE_FUTURE")
    if column["type"] in ("int32", "int64") and column["by"] != "rekey":
        value = value if isinstance(value, int) else whole(value)
        if not int(column["min"]) <= value <= int(column["max"]):
            if column["outside"]:
                return None
            raise ValueError("VALUE_RANGE")
    if column["type"] == "code":
        pattern, codes = column["pattern"], column["codes"]
        if value not in codes and not (pattern and re.fullmatch(pattern, value)):
            raise ValueError("VALUE_NOT_IN_LIST" if not pattern else "VALUE_TYPE")
    return value


def count(first, last, arguments):
    out, people, names = {}, {}, []
    group = None

    def add(*key):
        out[key] = out.get(key, 0) + 1

    for argument in arguments:
        if "=" not in argument:
            group = argument
            people[group] = set()
            continue
        dataset, path = argument.split("=", 1)
        names.append((group, dataset))
        people[dataset] = set()
        spec = Specification(os.path.join(DATASETS, dataset + ".toml"))
        distinct = {c["name"]: set() for c in spec.columns}
        reader = rows(path)
        place = {name.lower(): i for i, name in enumerate(next(reader))}
        where = {}
        for name, (aliases, _) in spec.inputs.items():
            hits = [place[a.lower()] for a in {name} | aliases if a.lower() in place]
            where[name] = hits[0] if hits else None
        for row in reader:
            def get(name, row=row):
                if where[name] is None:
                    return None
                value = row[where[name]].strip(" \t\r\n\f\v")
                return None if value in spec.nulls | spec.inputs[name][1] else value

            add("read", dataset, "all")
            at = next((get(c["input"]) for c in spec.columns if c["name"] == spec.period), None)
            if at is not None:
                try:
                    month = "%04d-%02d" % day(at)[:2]
                    if not first <= month <= last and month < "2100":
                        add("dropped", dataset, "OUTSIDE_PERIOD")
                        continue
                except ValueError:
                    pass
            try:
                values = [(c["name"], checked(c, derived(c, get(c["input"]), get)))
                          for c in spec.columns]
            except ValueError as why:
                add("dropped", dataset, str(why))
                continue
            add("sent", dataset, "all")
            nhs_number, reason = person(get("nhs_number"))
            if reason:
                add("unlinked", dataset, reason)
            else:
                people[group].add(nhs_number)
                people[dataset].add(nhs_number)
            for name, value in values:
                if value is not None:
                    add("filled", dataset, name)
                    distinct[name].add(value)
        for name, seen in distinct.items():
            out[("distinct", dataset, name)] = len(seen)
            out.setdefault(("filled", dataset, name), 0)
    groups = [g for g in people if "-" not in g]
    for one in groups:
        out[("persons", one, "all")] = len(people[one])
    for i, one in enumerate(groups):
        for other in groups[i + 1:]:
            out[("linked", one, other)] = len(people[one] & people[other])
            for group, dataset in names:
                mate = other if group == one else one
                out[("linked", dataset, mate)] = len(people[dataset] & people[mate])
    for key in sorted(out):
        print(*key, out[key])


def said(source, path):
    """What check or push prints with --json, in the same lines."""
    words_of_json = {"true": True, "false": False, "null": None}
    text = open(path, encoding="ascii").read()
    document = eval(text, {"__builtins__": {}}, words_of_json)  # a JSON parser of one line
    lines = ["persons %s all %s" % (source, document["persons"])]
    for dataset in document["datasets"]:
        name = dataset["dataset"]
        lines.append("sent %s all %s" % (name, dataset["rows"]))
        for what in ("unlinked", "dropped"):
            lines += ["%s %s %s %s" % (what, name, reason, number)
                      for reason, number in dataset[what].items()]
    print("\n".join(sorted(lines)))


if sys.argv[1] == "columns":
    for column in Specification(sys.argv[2]).columns:
        print(column["name"])
elif sys.argv[1] == "said":
    said(sys.argv[2], sys.argv[3])
else:
    count(sys.argv[2], sys.argv[3], sys.argv[4:])
