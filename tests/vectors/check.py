#!/usr/bin/env python3
"""Checks the published vectors with libsodium and nothing of Tally's own code.

A supplier who writes an implementation of the token scheme can read it as the
shortest complete one (docs/spec/token-v1.md has the words), or run it over the
output of the new one: give a JSON file of the same shape as tally1.json.

    tests/vectors/check.py [FILE]     exit code 0: every value agrees

Needs Python 3 and libsodium 1.0.18 or later. Example keys only: this program
holds secrets in ordinary memory.
"""

import ctypes
import ctypes.util
import hashlib
import hmac
import json
import pathlib
import struct
import sys

SUITE = b"tally1-ristretto255-SHA512"
CANARIES = [str(n) for n in (
    9990000018, 9990000026, 9990000034, 9990000042, 9990000050, 9990000069,
    9990000077, 9990000085, 9990000093, 9990000107, 9990000115, 9990000123,
    9990000131, 9990000158, 9990000166, 9990000174)]
CANARY_DIGEST = "2327c078c46ac97d4361bf0c3a7de89c56bd73e3709fdb320e387270af19bcac"

sodium = ctypes.CDLL(ctypes.util.find_library("sodium") or "libsodium.so.23")
assert sodium.sodium_init() >= 0


def call(name, size, *inputs):
    """Calls crypto_NAME(out, inputs...) and returns `size` bytes."""
    out = ctypes.create_string_buffer(size)
    if getattr(sodium, "crypto_" + name)(out, *inputs) != 0:
        raise ValueError(name + " failed")
    return out.raw


def reduce(wide):
    out = ctypes.create_string_buffer(32)
    sodium.crypto_core_ristretto255_scalar_reduce(out, wide)
    return out.raw


def scalar_op(name, x, y):
    out = ctypes.create_string_buffer(32)
    getattr(sodium, "crypto_core_ristretto255_scalar_" + name)(out, x, y)
    return out.raw


def lp1(x):
    return struct.pack(">B", len(x)) + x


def lp2(x):
    return struct.pack(">H", len(x)) + x


def expand(message, dst):
    tail = dst + struct.pack(">B", len(dst))
    b0 = hashlib.sha512(bytes(128) + message + b"\x00\x40\x00" + tail).digest()
    return hashlib.sha512(b0 + b"\x01" + tail).digest()


def hash_to_scalar(message, dst):
    return reduce(expand(message, dst))


def hash_to_group(message):
    return call("core_ristretto255_from_hash", 32,
                expand(message, b"HashToGroup-" + SUITE))


def times(scalar, element):
    return call("scalarmult_ristretto255", 32, scalar, element)


def public(scalar):
    return call("scalarmult_ristretto255_base", 32, scalar)


def message(number):
    return lp1(b"nhs-number") + lp2(number.encode())


def private_key(seed, environment, role, party, domain, epoch):
    info = (lp1(environment.encode()) + lp1(role.encode()) + lp1(party.encode())
            + lp1(domain.encode()) + struct.pack(">I", epoch))
    for counter in range(256):
        k = hash_to_scalar(seed + lp2(info) + bytes([counter]),
                           b"DeriveKeyPair" + SUITE)
        if any(k):
            return k
    raise ValueError("no key")


def key_id(public_key):
    return hashlib.sha512(b"tally1-key-id\x00" + public_key).digest()[:8].hex()


def pseudonym(project_key, project, token):
    return hmac.new(project_key, b"tally1-pseudonym\x00"
                    + lp1(project.encode()) + token, hashlib.sha256).digest()[:16].hex()


def prove(k, b, c, d, r):
    seed = hashlib.sha512(lp2(b) + lp2(b"Seed-" + SUITE)).digest()
    dst = b"HashToScalar-" + SUITE
    m = None
    for i, (ci, di) in enumerate(zip(c, d)):
        weight = hash_to_scalar(lp2(seed) + struct.pack(">H", i) + lp2(ci)
                                + lp2(di) + b"Composite", dst)
        term = times(weight, ci)
        m = term if m is None else call("core_ristretto255_add", 32, m, term)
    z = times(k, m)
    challenge = hash_to_scalar(lp2(b) + lp2(m) + lp2(z) + lp2(public(r))
                               + lp2(times(r, m)) + b"Challenge", dst)
    return challenge + scalar_op("sub", r, scalar_op("mul", challenge, k))


failed = checked = 0


def same(what, got, wanted):
    global failed, checked
    checked += 1
    got = got.hex() if isinstance(got, bytes) else got
    if got != wanted:
        failed += 1
        print(f"DIFFERS {what}\n  computed  {got}\n  published {wanted}")


def main():
    here = pathlib.Path(__file__).parent
    path = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else here / "tally1.json"
    v = json.loads(path.read_text(encoding="ascii"))
    same("suite", v["suite"].encode(), SUITE.hex())
    scalars = {}
    for key in v["keys"]:
        k = private_key(bytes.fromhex(key["seed"]), v["environment"], key["role"],
                        key["party"], v["domain"], key["epoch"])
        scalars[key["party"]] = k
        same(key["party"] + " scalar", k, key["scalar"])
        same(key["party"] + " public", public(k), key["public"])
        same(key["party"] + " key id", key_id(public(k)), key["key_id"])
    for party, wanted in v["factors"].items():
        inverse = call("core_ristretto255_scalar_invert", 32, scalars[party])
        same("factor of " + party, scalar_op("mul", scalars["hub"], inverse), wanted)
    rotated = v["rotated"]
    seed = next(k["seed"] for k in v["keys"] if k["party"] == rotated["party"])
    k2 = private_key(bytes.fromhex(seed), v["environment"], "source",
                     rotated["party"], v["domain"], rotated["epoch"])
    same("rotated scalar", k2, rotated["scalar"])
    same("rotated public", public(k2), rotated["public"])
    same("rotated factor", scalar_op("mul", scalars["hub"], call(
        "core_ristretto255_scalar_invert", 32, k2)), rotated["factor"])
    for row in v["rows"]:
        name = "row " + row["nhs_number"]
        h = hash_to_group(message(row["nhs_number"]))
        same(name + " message", message(row["nhs_number"]), row["message"])
        same(name + " hash", h, row["hash_to_group"])
        same(name + " hub", times(scalars["hub"], h), row["hub_token"])
        for party, wanted in row["source_token"].items():
            token = times(scalars[party], h)
            same(name + " " + party, token, wanted)
            same(name + " converted", times(bytes.fromhex(v["factors"][party]), token),
                 row["hub_token"])
        for project, wanted in row["pseudonym"].items():
            same(name + " " + project, pseudonym(
                bytes.fromhex(v["project_key"]), project,
                bytes.fromhex(row["hub_token"])), wanted)
    proof = v["dleq"]
    factor = bytes.fromhex(v["factors"][proof["party"]])
    same("dleq public", public(factor), proof["public"])
    same("dleq proof", prove(
        factor, public(factor),
        [bytes.fromhex(r["source_token"][proof["party"]]) for r in v["rows"]],
        [bytes.fromhex(r["hub_token"]) for r in v["rows"]],
        bytes.fromhex(proof["r"])), proof["proof"])
    same("canary elements", hashlib.sha256(b"".join(
        hash_to_group(message(n)) for n in CANARIES)).hexdigest(), CANARY_DIGEST)
    print(f"{checked - failed} of {checked} values agree")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
