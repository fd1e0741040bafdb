// SPDX-License-Identifier: Apache-2.0
#include "insight/markup.h"

// U+FFFE and U+FFFF.
static bool is_no_character(str text)
{
    return str_starts_with(text, STR("\xEF\xBF\xBE")) || str_starts_with(text, STR("\xEF\xBF\xBF"));
}

void markup_text(struct strbuf *out, str text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (c == '&')
            strbuf_add(out, STR("&amp;"));
        else if (c == '<')
            strbuf_add(out, STR("&lt;"));
        else if (c == '>')
            strbuf_add(out, STR("&gt;"));
        else if (c == '"')
            strbuf_add(out, STR("&quot;"));
        else if (c == '\n' || c == '\r' || c == '\t')
            strbuf_format(out, "&#%d;", c);
        else if (c >= ' ' && !is_no_character(str_from_index(text, i)))
            strbuf_add_char(out, (char)c);
        else { // not allowed in XML, whatever one writes
            strbuf_add_char(out, '?');
            i += c >= ' ' ? 2 : 0;
        }
    }
}

void markup_attribute(struct strbuf *out, const char *name, str value)
{
    strbuf_format(out, " %s=\"", name);
    markup_text(out, value);
    strbuf_add_char(out, '"');
}
