# Who may not reach whom. docs/architecture.md has the same table in words.
# Checked here on every configure step, through private links too.

set(grpc "grpc|gRPC")
set(duckdb "duckdb|tally_engine")

tally_forbid(tally_base FORBIDDEN "tally_(crypto|dataset|wire|engine|transport|proto)" "sodium" "${grpc}")
tally_forbid(tally_crypto FORBIDDEN "tally_(dataset|wire|engine|transport|proto)" "${grpc}" "${duckdb}")
tally_forbid(tally_dataset FORBIDDEN "tally_(crypto|wire|engine|transport|proto)" "(sodium|SODIUM)" "${grpc}")
tally_forbid(tally_wire FORBIDDEN "tally_(crypto|engine|transport)" "(sodium|SODIUM)" "${duckdb}")
tally_forbid(tally_engine FORBIDDEN "tally_(crypto|wire|transport|proto)" "(sodium|SODIUM)" "${grpc}")
tally_forbid(tally_transport FORBIDDEN "tally_(crypto|wire|engine)" "tally_proto_(extract|hub|release)" "(sodium|SODIUM)" "${duckdb}")

tally_forbid(tally_custodian_core FORBIDDEN "tally_(dataset|wire|engine|transport|proto)" "${grpc}" "${duckdb}" "tally_(pseudonymiser|linkage|analytics)")
tally_forbid(tally_pseudonymiser_core FORBIDDEN "tally_transport" "gRPC::" "grpc\\+\\+" "${duckdb}" "tally_(custodian|linkage|analytics)")
tally_forbid(tally_pseudonymiser_client FORBIDDEN "tally_proto_(hub|release)" "${duckdb}" "tally_(custodian|linkage|analytics)")
tally_forbid(tally_linkage_index FORBIDDEN "${duckdb}" "tally_(wire|transport|proto)" "gRPC::" "tally_(custodian|pseudonymiser|analytics)")
tally_forbid(tally_linkage_store FORBIDDEN "tally_transport" "gRPC::" "tally_(custodian|pseudonymiser|analytics)")
tally_forbid(tally_linkage_release FORBIDDEN "tally_transport" "gRPC::" "tally_(custodian|pseudonymiser|analytics)")
tally_forbid(tally_linkage_audit FORBIDDEN "tally_(transport|proto|engine)" "gRPC::" "tally_(custodian|pseudonymiser|analytics)")
tally_forbid(tally_linkage_service FORBIDDEN "tally_(custodian|pseudonymiser|analytics)")
tally_forbid(tally_analytics_core FORBIDDEN "glpk" "tally_(crypto|wire|transport|proto)" "(sodium|SODIUM)" "gRPC::" "tally_(custodian|pseudonymiser|linkage)")
tally_forbid(tally_analytics_pull FORBIDDEN "tally_(crypto|wire)" "tally_proto_(extract|hub)" "(sodium|SODIUM)" "tally_(custodian|pseudonymiser|linkage)")

tally_forbid(custodian FORBIDDEN "tally_(dataset|wire|engine|transport|proto)" "gRPC::" "${duckdb}")
tally_forbid(pseudonymiser FORBIDDEN "tally_proto_(hub|release)" "${duckdb}" "tally_(custodian|linkage|analytics)")
tally_forbid(linkage-hub FORBIDDEN "tally_(custodian|pseudonymiser|analytics)")
tally_forbid(linkage FORBIDDEN "tally_(custodian|pseudonymiser|analytics)")
tally_forbid(commissioning FORBIDDEN "glpk" "tally_(crypto|wire)" "tally_proto_(extract|hub)" "(sodium|SODIUM)" "tally_(custodian|pseudonymiser|linkage)")
tally_forbid(tally_demo_population FORBIDDEN "tally_(crypto|wire|engine|transport|proto)" "(sodium|SODIUM)" "gRPC::" "${duckdb}" "tally_(custodian|pseudonymiser|linkage|analytics)")
