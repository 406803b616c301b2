# The oldest versions of security-relevant libraries that are accepted, at
# configure time and (through base/versions.h) when a program starts.
set(TALLY_MIN_OPENSSL 3.0.11)
set(TALLY_MIN_LIBSODIUM 1.0.18)
set(TALLY_DUCKDB_VERSION v1.5.6)
