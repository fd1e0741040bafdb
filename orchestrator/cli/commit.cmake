# SPDX-License-Identifier: Apache-2.0
cmake_minimum_required(VERSION 3.25)
# Writes FILE, a header with the commit that is built, when it is another than it says; in a tree without git an empty one.
execute_process(COMMAND git rev-parse --short=12 HEAD WORKING_DIRECTORY ${SOURCE} OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
file(CONFIGURE OUTPUT ${FILE} CONTENT "// Made by commit.cmake.\n#define BATON_COMMIT \"@commit@\"\n" @ONLY)
