# Bundles the page's script with esbuild and puts script and style into one
# HTML text. Run as a script: cmake -DDASHBOARD=... -DTHIRD_PARTY=... -DOUT=...
# No Node is needed. The prebuilt files ask for names that must be led to d3.
set(bundle "${OUT}.js")
execute_process(
  COMMAND "${THIRD_PARTY}/esbuild/esbuild" "${DASHBOARD}/shell.js"
    --bundle --minify --format=iife --charset=ascii --target=es2020
    --legal-comments=inline --log-level=warning
    "--alias:d3@7.9.0/dist/d3.min.js=${THIRD_PARTY}/d3/d3.min.js"
    "--alias:d3=${THIRD_PARTY}/d3/d3.min.js"
    "--alias:d3-array=${THIRD_PARTY}/d3/d3.min.js"
    "--alias:d3-shape=${THIRD_PARTY}/d3/d3.min.js"
    "--alias:plot=${THIRD_PARTY}/plot/plot.umd.min.js"
    "--alias:d3-sankey=${THIRD_PARTY}/d3-sankey/d3-sankey.min.js"
    "--outfile=${bundle}"
  RESULT_VARIABLE failed OUTPUT_VARIABLE log ERROR_VARIABLE log)
if(failed)
  message(FATAL_ERROR "esbuild: ${log}")
endif()
file(READ "${bundle}" script)
string(STRIP "${script}" script)
# A script element ends at the first "</script", wherever it stands.
string(REPLACE "</script" "<\\/script" script "${script}")
file(READ "${DASHBOARD}/style.css" style)
string(STRIP "${style}" style)
file(READ "${DASHBOARD}/shell.html.in" page)
string(REPLACE "{{STYLE}}" "${style}" page "${page}")
string(REPLACE "{{SCRIPT}}" "${script}" page "${page}")
file(WRITE "${OUT}" "${page}")
file(SIZE "${OUT}" size)
if(size GREATER 700000)
  message(FATAL_ERROR "the page shell is ${size} bytes, above 700,000")
endif()

# The source that embeds it. Its digest stands in the source: the compiler's cache
# does not see what .incbin reads.
set(shell "${OUT}")
file(SHA256 "${OUT}" shell_sha256)
configure_file("${TEMPLATE}" "${EMBEDDED}" @ONLY)
