# shellcheck shell=sh
# Who may hold what: read by symbols_test.sh and its self-test.
# rules NAME prints one rule a line: kind, a tab, an extended regular expression.
#   symbol   no symbol of the program (demangled) matches
#   library  none of its shared libraries matches
rules() {
  case "$1" in
    commissioning)
      printf 'symbol\t(^| |_)sodium_|crypto_(core|scalarmult|secretbox|aead|box|pwhash|generichash)_\n'
      printf 'symbol\tristretto255\n'
      printf 'symbol\ttally::(crypto|custodian|pseudonymiser|linkage|wire)::\n'
      printf 'symbol\ttally::(extract|hub)::v1::\n'
      printf 'symbol\t(NhsNumber|SourceToken|HubToken|SecretAccess|Secret32|SourceKey|ConversionFactor|ProjectKey)\n'
      printf 'library\tlibsodium|libsoci|libsqlite3|libpq\n'
      ;;
    pseudonymiser)
      printf 'symbol\tduckdb\n'
      printf 'symbol\ttally::(custodian|linkage|analytics|engine)::\n'
      printf 'symbol\ttally::(hub|release)::v1::\n'
      printf 'symbol\t(HubToken::Create|ConversionFactor|ProjectKey|HubKey(::|$))\n'
      printf 'library\tduckdb|libsoci|libsqlite3|libpq\n'
      ;;
    custodian)
      printf 'symbol\tduckdb\n'
      printf 'symbol\t(^| )(grpc|grpc_impl)::|grpc_\n'
      printf 'symbol\ttally::(dataset|wire|engine|transport|pseudonymiser|linkage|analytics)::\n'
      printf 'symbol\t(^| )(connect|socket|getaddrinfo|listen|accept)(@|$)\n'
      printf 'library\tduckdb|libgrpc|libprotobuf|libsoci|libsqlite3|libpq|libcares\n'
      ;;
    linkage-hub | linkage)
      printf 'symbol\ttally::(pseudonymiser|custodian|analytics)::\n'
      printf 'symbol\t(NhsNumber|EgressScanner|HubKey(::|$))\n'
      printf 'symbol\tcrypto::SourceKey::(Generate|FromSeed)\n'
      ;;
    tally-population)
      printf 'symbol\ttally::(crypto|custodian|pseudonymiser|linkage|analytics|engine)::\n'
      printf 'library\tduckdb|libsodium|libgrpc\n'
      ;;
  esac
  # No program of a release build has a place to be killed at, or answers
  # questions about its interface.
  printf 'symbol\ttally::internal::HitFailpoint\n'
  printf 'symbol\tInitProtoReflectionServerBuilderPlugin|ServerReflectionService\n'
  printf 'library\tlibgrpc\\+\\+_reflection|libgrpcpp_channelz\n'
  # GPL: for tests only.
  printf 'library\tlibglpk\n'
}
