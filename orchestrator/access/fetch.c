// SPDX-License-Identifier: Apache-2.0
#include "access/fetch.h"

#include <curl/curl.h>

struct receiving {
    struct strbuf body;
    bool is_too_large;
};

static size_t on_bytes(char *data, size_t size, size_t count, void *context)
{
    struct receiving *receiving = context;
    if (receiving->body.len + size * count > FETCH_MAX_BYTES) {
        receiving->is_too_large = true;
        return 0;
    }
    strbuf_add(&receiving->body, str_from(data, size * count));
    return size * count;
}

void fetch_init(void)
{
    check(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK);
}

static void set_limits(CURL *curl, bool is_secure)
{
#if LIBCURL_VERSION_NUM >= 0x075500
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, is_secure ? "https" : "http");
#else
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS, is_secure ? CURLPROTO_HTTPS : CURLPROTO_HTTP);
#endif
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L);
    curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)FETCH_CONNECT_S);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)FETCH_MOST_S);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "baton/" BATON_VERSION);
    curl_easy_setopt(curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
}

static void set_request(CURL *curl, struct arena *arena, const struct fetch *fetch)
{
    curl_easy_setopt(curl, CURLOPT_URL, str_cstr(arena, fetch->url));
    if (fetch->ca_file.len > 0)
        curl_easy_setopt(curl, CURLOPT_CAINFO, str_cstr(arena, fetch->ca_file));
    if (fetch->form.len > 0) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long)fetch->form.len);
        curl_easy_setopt(curl, CURLOPT_COPYPOSTFIELDS, fetch->form.data);
    }
    if (fetch->user.len > 0) {
        curl_easy_setopt(curl, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
        curl_easy_setopt(curl, CURLOPT_USERNAME, str_cstr(arena, fetch->user));
        curl_easy_setopt(curl, CURLOPT_PASSWORD, str_cstr(arena, fetch->password));
    }
}

bool fetch_run(struct arena *arena, const struct fetch *fetch, str *ret_body, struct error *err)
{
    struct receiving receiving = {.body = strbuf_new(arena)};
    const char *place = str_cstr(arena, str_sub(fetch->url, 0, sizeof err->place - 1));
    long status = 0;
    CURL *curl = curl_easy_init();
    check(curl != NULL);
    set_limits(curl, str_starts_with(fetch->url, STR("https://")));
    set_request(curl, arena, fetch);
    struct curl_slist *headers = curl_slist_append(NULL, "Accept: application/json");
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_bytes);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &receiving);
    CURLcode code = curl_easy_perform(curl);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    *ret_body = strbuf_str(&receiving.body);
    if (receiving.is_too_large)
        return error_set(err, ERROR_UNAVAILABLE, place,
                         "the answer has more than FETCH_MAX_BYTES (%d)", FETCH_MAX_BYTES);
    if (code != CURLE_OK)
        return error_set(err, ERROR_UNAVAILABLE, place, "%s", curl_easy_strerror(code));
    if (status >= 500 || status == 429)
        return error_set(err, ERROR_UNAVAILABLE, place, "it answers with HTTP %ld", status);
    if (status != 200)
        return error_set(err, ERROR_DENIED, place, "it answers with HTTP %ld%s", status,
                         status / 100 == 3 ? ": redirects are not followed" : "");
    return true;
}

void form_add(struct strbuf *form, const char *name, str value)
{
    if (form->len > 0)
        strbuf_add_char(form, '&');
    strbuf_add(form, str_of(name));
    strbuf_add_char(form, '=');
    for (size_t i = 0; i < value.len; i++) {
        unsigned char c = (unsigned char)value.data[i];
        bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                        (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
        if (is_plain)
            strbuf_add_char(form, (char)c);
        else
            strbuf_format(form, "%%%02X", c);
    }
}
