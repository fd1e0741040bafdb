# SPDX-License-Identifier: Apache-2.0
# cmake -DOUTPUT=file.c -DFILES="a.sql;b.sql" -P embed_migrations.cmake
list(SORT FILES)
set(texts "")
set(rows "")
foreach(file ${FILES})
  get_filename_component(name ${file} NAME_WE)
  string(REGEX MATCH "^[0-9]+" number ${name})
  math(EXPR number "1${number} - 10000")
  file(READ ${file} bytes HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
  string(APPEND texts "static const unsigned char text_${number}[] = {${bytes}0};\n")
  string(APPEND rows "    {${number}, \"${name}\", {(const char *)text_${number}, sizeof text_${number} - 1}},\n")
endforeach()
file(WRITE ${OUTPUT} "#include \"store/migrations.h\"\n\n${texts}
const struct migration migrations[] = {\n${rows}};\nconst size_t migration_count = sizeof migrations / sizeof *migrations;\n")
