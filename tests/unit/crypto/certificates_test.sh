#!/bin/sh
# keys-example/make-certificates: what it makes is what its page says.
#   certificates_test.sh SOURCE-DIRECTORY
set -eu
source_directory=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "FAILED: $1" >&2; exit 1; }
make="$source_directory/keys-example/make-certificates"

"$make" --trust-domain test.example --bad "$work/c" \
  hub/hub-a source/gp-one operator/j-price >"$work/peers" 2>"$work/log"

# The authority is the one that production refuses.
digest=$(sed -n 's/.*"\([0-9a-f]\{64\}\)".*/\1/p' \
  "$source_directory/lib/base/include/base/example_authority.h")
[ -n "$digest" ] || fail "no digest in the header"
grep -q "$digest" "$work/log" || fail "the authority's key has changed"

# Good certificates verify, have one URI name each, and pinned keys.
for party in hub-hub-a source-gp-one operator-j-price; do
  openssl verify -CAfile "$work/c/ca.pem" "$work/c/$party.pem" >/dev/null ||
    fail "$party does not verify"
  names=$(openssl x509 -in "$work/c/$party.pem" -noout -ext subjectAltName |
    grep -o 'URI:[^,]*' | wc -l)
  [ "$names" -eq 1 ] || fail "$party has $names URI names"
  mode=$(stat -c %a "$work/c/$party.key")
  [ "$mode" = 600 ] || fail "$party.key has mode $mode"
done
openssl x509 -in "$work/c/hub-hub-a.pem" -noout -ext subjectAltName |
  grep -q 'IP Address:127.0.0.1' || fail "the hub has no address"
pin=$(openssl pkey -in "$work/c/source-gp-one.key" -pubout -outform DER |
  openssl dgst -sha256 -r | cut -c1-64)
grep -q "spiffe://test.example/source/gp-one.*$pin" "$work/peers" ||
  fail "the peer list does not pin the source's key"
grep -q 'hub/hub-a' "$work/peers" && fail "the hub is listed as a peer"

# Bad ones are bad in the way their name says.
for name in expired not-yet-valid other-ca; do
  openssl verify -CAfile "$work/c/ca.pem" "$work/c/bad/$name.pem" \
    >/dev/null 2>&1 && fail "$name verifies"
done
openssl x509 -in "$work/c/bad/server-only.pem" -noout -ext extendedKeyUsage |
  grep -q 'Client' && fail "server-only is for clients"
names=$(openssl x509 -in "$work/c/bad/two-uris.pem" -noout -ext subjectAltName |
  grep -o 'URI:' | wc -l)
[ "$names" -eq 2 ] || fail "two-uris has $names"

# Run again: keys stay, so pinned digests stay valid.
cp "$work/c/source-gp-one.key" "$work/before"
"$make" --trust-domain test.example "$work/c" source/gp-one >/dev/null 2>&1
cmp -s "$work/before" "$work/c/source-gp-one.key" || fail "a key was replaced"

# Bad words are refused.
"$make" "$work/d" source/../x >/dev/null 2>&1 && fail "a bad name was taken"
"$make" "$work/d" visitor/x >/dev/null 2>&1 && fail "a bad role was taken"
"$make" >/dev/null 2>&1 && fail "no folder was taken"
echo "ok"
