"""The attack of somebody who holds two payloads of the same people and no token.

Used by tests/e2e/alignment; needs nothing but the language itself.

    alignment.py extracts X Y POPULATION SOURCE X-DELIVERY Y-DELIVERY
        X and Y are folders: people.csv (person_index,token), which only the
        judge reads; gp-patient.csv and gp-event.csv as they were sent,
        hub-gp-patient.csv and hub-gp-event.csv as they lie at the hub
    alignment.py releases X Y POPULATION
        gp_patient.csv and gp_event.csv of releases of two projects

A line for each figure; ends with 1 when one is beyond chance. A random order has
a rank correlation of 0 with a standard error of 1 / sqrt(n - 1); five of them
are allowed. Pairs are compared with those of the same people shuffled anew.
"""

import os
import random
import sys

draw = random.Random(20261122)
failures = 0


def judge(what, value, bound, note=""):
    global failures
    good = abs(value) <= bound
    failures += not good
    print("%-6s %-58s %9.4f, bound %.4f%s" % ("ok" if good else "FAILED", what, value, bound, note))


def table(folder, name):
    """Rows as dictionaries; no value of these files holds a comma."""
    with open(os.path.join(folder, name), encoding="utf-8") as lines:
        header = next(lines).rstrip("\r\n").split(",")
        return [dict(zip(header, line.rstrip("\r\n").split(","))) for line in lines]


def ranks(values):
    order = sorted(range(len(values)), key=values.__getitem__)
    out = [0.0] * len(values)
    i = 0
    while i < len(order):
        j = i
        while j < len(order) and values[order[j]] == values[order[i]]:
            j += 1
        for k in order[i:j]:
            out[k] = (i + j - 1) / 2
        i = j
    return out


def spearman(x, y):
    x, y = ranks(x), ranks(y)
    n = len(x)
    mean = (n - 1) / 2
    xy = sum((a - mean) * (b - mean) for a, b in zip(x, y))
    xx = sum((a - mean) ** 2 for a in x)
    yy = sum((b - mean) ** 2 for b in y)
    return xy / (xx * yy) ** 0.5


def uncorrelated(what, pairs):
    n = len(pairs)
    if n < 100:
        judge(what + ": too few", 1, 0)
        return
    judge(what, spearman([a for a, _ in pairs], [b for _, b in pairs]),
          5 / (n - 1) ** 0.5, " (n = %d)" % n)


def tracer(row):
    """The person's index in the population plus one, docs/population.md; 0 is none."""
    if not row["value1"]:
        return 0
    value = float(row["value1"]) * 1000
    return round((value - int(value)) * 10000000)


class Payload:
    """What somebody has, and beside it who everybody is (known to the judge only)."""

    def __init__(self, folder, person, prefix, patient, event, identity=None):
        self.patients = table(folder, prefix + patient)
        self.events = table(folder, prefix + event)
        self.person = person
        self.tracers = {}
        for row in self.events:
            if tracer(row) and row[person] not in ("", "-1"):
                self.tracers[int(row[person])] = tracer(row)
        self.who = identity or self.tracers
        self.first, self.event, self.group = {}, {}, {}
        for row in self.patients:
            if row[person] in ("", "-1"):
                continue
            p = int(row[person])
            self.first.setdefault(p, int(row["place"]))
            # Who moved has two rows; the attacker takes one by its content.
            group = (row["practice_code"], row["year_of_birth"], row["sex"])
            self.group[p] = min(group, self.group.get(p, group))
        for row in self.events:
            if row[person] not in ("", "-1"):
                self.event.setdefault(int(row[person]), int(row["place"]))

    def orders(self):
        return {"person number": {p: p for p in self.first}, "first row": self.first,
                "first event": self.event}


def paired(x, y, x_order, y_order):
    """People paired rightly by their place within practice, year of birth and sex."""
    right = 0
    groups = ({}, {})
    for side, payload, order in ((0, x, x_order), (1, y, y_order)):
        for p, group in payload.group.items():
            if p in order:
                groups[side].setdefault(group, []).append((order[p], payload.who.get(p)))
    for group, people in groups[0].items():
        others = groups[1].get(group, [])
        people.sort()
        others.sort()
        right += sum(a is not None and a == b for (_, a), (_, b) in zip(people, others))
    return right


def shuffled(order):
    places = list(order.values())
    draw.shuffle(places)
    return dict(zip(order, places))


def align(name, x, y):
    x_by = {who: p for p, who in x.who.items()}
    common = [(x_by[who], p, who) for p, who in y.who.items() if who in x_by]
    x_orders, y_orders = x.orders(), y.orders()
    expected = len(common) / max(len(x.who), len(y.who))
    judge("%s: equal person numbers" % name, sum(a == b for a, b, _ in common),
          expected + 5 * expected ** 0.5 + 3)
    for order in x_orders:
        one, two = x_orders[order], y_orders[order]
        uncorrelated("%s: %s, one against the other" % (name, order),
                     [(one[a], two[b]) for a, b, _ in common if a in one and b in two])
        chance = [paired(x, y, shuffled(one), shuffled(two)) for _ in range(60)]
        mean = sum(chance) / len(chance)
        spread = (sum((c - mean) ** 2 for c in chance) / len(chance)) ** 0.5
        judge("%s: paired by %s" % (name, order), paired(x, y, one, two),
              mean + 5 * spread + 1, ", of %d" % len(common))
    # Control: with people numbered in an order that comes back (here who they
    # are), the same attack must succeed, or it proves nothing.
    # The rest shared a group with somebody who joined or left it in between.
    one, two = ({p: who for p, who in side.who.items()} for side in (x, y))
    people = sum(a in x.group and b in y.group for a, b, _ in common)
    judge("%s: control, not paired in an order that comes back" % name,
          1 - paired(x, y, one, two) / people, 0.02, " (n = %d)" % people)


def file_order(folder):
    """NHS Number -> line, of the file that the source read."""
    lines = {}
    with open(os.path.join(folder, "patients.csv"), encoding="utf-8") as rows:
        next(rows)
        for i, row in enumerate(rows):
            lines.setdefault(row.split(",")[0].strip().replace(" ", "").strip('"'), i)
    return lines


def unranked(name, payload, population, delivery):
    """Nothing keeps the order of NHS Numbers or of the source's file."""
    numbers = {int(row["person"]) + 1: row["nhs_number"]
               for row in table(os.path.join(population, "truth"), "persons.csv")}
    known = {p: numbers[t] for p, t in payload.tracers.items()}
    keys = {"NHS Number": {n: n for n in known.values()}}
    if delivery:
        keys["line of the file"] = file_order(delivery)
    for key, rank in keys.items():
        for order, places in payload.orders().items():
            uncorrelated("%s: %s against %s" % (name, order, key),
                         [(places[p], rank[n]) for p, n in known.items() if p in places and n in rank])
        for what, rows in (("patient", payload.patients), ("event", payload.events)):
            places = [(int(row["place"]), rank[known[int(row[payload.person])]]) for row in rows
                      if row[payload.person] not in ("", "-1") and int(row[payload.person]) in known
                      and known[int(row[payload.person])] in rank]
            if name.startswith("release"):
                # Ordered by person, so rows are no better than people.
                continue
            uncorrelated("%s: place of %s rows against %s" % (name, what, key), places)


def extracts(x, y, population, source, x_delivery, y_delivery):
    payloads = {}
    for folder, delivery in ((x, x_delivery), (y, y_delivery)):
        people = table(folder, "people.csv")
        identity = {int(row["person_index"]): row["token"] for row in people}
        tokens = ranks(list(identity.values()))
        uncorrelated("%s %s: person number against token" % (source, delivery),
                     list(zip(identity.keys(), tokens)))
        for prefix, words in (("", "sent"), ("hub-", "at the hub")):
            payload = Payload(folder, "person_index", prefix, "gp-patient.csv", "gp-event.csv",
                              identity)
            payloads[folder, prefix] = payload
            unranked("%s %s %s" % (source, delivery, words), payload, population,
                     os.path.join(population, source, delivery))
    for prefix, words in (("", "sent"), ("hub-", "at the hub")):
        align("%s %s" % (source, words), payloads[x, prefix], payloads[y, prefix])


def releases(x, y, population):
    payloads = []
    for name, folder in (("release x", x), ("release y", y)):
        payload = Payload(folder, "person", "", "gp_patient.csv", "gp_event.csv")
        unranked(name, payload, population, None)
        payloads.append(payload)
    align("releases of two projects", *payloads)


{"extracts": extracts, "releases": releases}[sys.argv[1]](*sys.argv[2:])
sys.exit(1 if failures else 0)
