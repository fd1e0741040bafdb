// SPDX-License-Identifier: Apache-2.0
//
// What browsers need beside the API: cookies, addresses, and a login page without scripts.
#include "api/api_private.h"

#include "access/access.h"
#include "access/login.h"
#include "access/provider.h"
#include "base/digest.h"
#include "base/endpoint.h"

enum { MAX_TARGET_BYTES = 512 };

// -- Addresses --------------------------------------------------------------------------

static bool is_loopback(struct request *request)
{
    struct endpoint endpoint;
    str host = request_header(request, "Host");
    bool has_port =
        host.len > 0 && host.data[host.len - 1] != ']' &&
        str_find_char(str_from_index(host, str_find_char(host, ']') + 1), ':') != SIZE_MAX;
    if (!has_port)
        host = str_join2(&request->arena, host, STR(":80"));
    return endpoint_parse(&request->arena, host, &endpoint) && endpoint_is_loopback(&endpoint);
}

str browser_public_url(struct request *request)
{
    str url = str_of(config_str(api_of(request)->options.config, CONFIG_AUTH_PUBLIC_URL));
    str host = request_header(request, "Host");
    while (str_ends_with(url, STR("/")))
        url.len--;
    if (url.len > 0)
        return url;
    bool is_plain = api_of(request)->tls == NULL && is_loopback(request);
    return str_format(&request->arena, "%s://%.*s", is_plain ? "http" : "https", STR_ARG(host));
}

static bool is_secure(struct request *request)
{
    return str_starts_with(browser_public_url(request), STR("https://"));
}

bool browser_wants_page(struct request *request)
{
    return str_find(request_header(request, "Accept"), STR("text/html")) != SIZE_MAX;
}

// No scheme, no host, nothing that a browser would make one of: "//host", "/\host".
str browser_target(struct request *request, str target)
{
    (void)request;
    bool is_path = target.len > 0 && target.len <= MAX_TARGET_BYTES && target.data[0] == '/';
    for (size_t i = 0; is_path && i < target.len; i++)
        is_path = target.data[i] > ' ' && target.data[i] < 127 && target.data[i] != '\\';
    if (!is_path || str_starts_with(target, STR("//")) || str_starts_with(target, STR("/auth/")) ||
        str_equal(target, STR("/logout")))
        return console_is_there() ? STR("/") : STR("/login");
    return target;
}

void browser_send_to(struct request *request, str url)
{
    request_add_header(request, "Location", str_cstr(&request->arena, url));
    request_add_header(request, "Cache-Control", "no-store");
    request_answer_text(request, 303, "text/plain; charset=utf-8", STR(""));
}

// -- Cookies ----------------------------------------------------------------------------

// By TLS a cookie is bound to this very host and cannot be set by a neighbour (__Host-). Browsers
// refuse such a one over plain HTTP, which is for this machine alone.
static const struct {
    const char *secure, *plain;
    int seconds; // -1: as long as the browser runs
} cookies[] = {
    [COOKIE_SESSION] = {"__Host-baton", "baton", -1},
    [COOKIE_LOGIN] = {"__Host-baton-login", "baton-login", 600},
};

str browser_cookie(struct request *request, enum browser_cookie cookie)
{
    const char *name = is_secure(request) ? cookies[cookie].secure : cookies[cookie].plain;
    return cookie_get(request_header(request, "Cookie"), str_of(name));
}

void browser_set_cookie(struct request *request, enum browser_cookie cookie, str value)
{
    bool secure = is_secure(request);
    struct strbuf line = strbuf_new(&request->arena);
    strbuf_format(&line, "%s=%.*s; Path=/; HttpOnly; SameSite=Lax%s",
                  secure ? cookies[cookie].secure : cookies[cookie].plain, STR_ARG(value),
                  secure ? "; Secure" : "");
    if (value.len == 0)
        strbuf_add(&line, STR("; Max-Age=0"));
    else if (cookies[cookie].seconds >= 0)
        strbuf_format(&line, "; Max-Age=%d", cookies[cookie].seconds);
    request_add_header(request, "Set-Cookie", strbuf_cstr(&line));
}

// -- The page ---------------------------------------------------------------------------

enum page_text {
#define TEXT(name, english, german) TEXT_##name,
#include "api/login_texts.def"
#undef TEXT
};

static const struct {
    const char *english, *german;
} texts[] = {
#define TEXT(name, english, german) {english, german},
#include "api/login_texts.def"
#undef TEXT
};

static bool is_german(struct request *request)
{
    str first = request_header(request, "Accept-Language");
    first = str_trim(str_sub(first, 0, str_find_char(first, ',')));
    return str_equal_ignoring_case(str_sub(first, 0, 2), STR("de"));
}

static const char *text(struct request *request, enum page_text which)
{
    return is_german(request) ? texts[which].german : texts[which].english;
}

static void add_escaped(struct strbuf *out, str value)
{
    for (size_t i = 0; i < value.len; i++) {
        char c = value.data[i];
        if (c == '<' || c == '>' || c == '&' || c == '"' || c == '\'')
            strbuf_format(out, "&#%d;", c);
        else
            strbuf_add_char(out, c);
    }
}

static const char style[] =
    ":root{color-scheme:light "
    "dark;--g:#f5f6f9;--p:#fff;--l:#e0e4eb;--b:#868fa3;--i:#171c28;--m:#4a5365;"
    "--a:#3a4fd0;--e:#b3261e;--es:#fdeae8}"
    "@media(prefers-color-scheme:dark){:root{--g:#10131b;--p:#181c27;--l:#2a3040;--b:#737d93;"
    "--i:#edf0f7;--m:#b6bdcd;--a:#5468e8;--e:#ff9b92;--es:#42191a}}"
    "*{box-sizing:border-box}body{font:14px/1.45 Inter,system-ui,-apple-system,\"Segoe UI\",Roboto,"
    "sans-serif;margin:0;min-height:100vh;display:grid;place-items:center;padding:16px;"
    "background:var(--g);color:var(--i)}main{width:100%;max-width:360px;padding:28px;"
    "background:var(--p);border:1px solid var(--l);border-radius:12px;"
    "box-shadow:0 12px 40px rgb(15 20 40/10%)}header{display:flex;align-items:center;gap:12px;"
    "margin-bottom:20px}h1{margin:0;font-size:20px;letter-spacing:-.02em}"
    "label{display:block;margin:0 0 14px;font-size:12px;font-weight:560;color:var(--m)}"
    "input{display:block;width:100%;height:38px;margin-top:4px;padding:0 10px;font:14px/1 inherit;"
    "font-family:inherit;color:var(--i);background:var(--p);border:1px solid var(--b);"
    "border-radius:6px}button,a.b{display:block;width:100%;margin-top:10px;padding:9px;font:"
    "inherit;"
    "font-weight:560;text-align:center;text-decoration:none;color:#fff;background:var(--a);"
    "border:1px solid var(--a);border-radius:6px;cursor:pointer}a.b{color:var(--i);"
    "background:var(--p);border-color:var(--b)}:focus-visible{outline:2px solid var(--a);"
    "outline-offset:1px}p[role=alert]{margin:0 0 14px;padding:9px 11px;background:var(--es);"
    "color:var(--e);border-radius:6px}";

static const char mark[] =
    "<svg width=32 height=32 viewBox=\"0 0 32 32\" aria-hidden=true><rect width=32 height=32 rx=8 "
    "fill=\"#3a4fd0\"/><path d=\"M8.5 23.5 21 11\" stroke=\"#fff\" stroke-width=4.2 "
    "stroke-linecap=round /><circle cx=23.4 cy=8.6 r=3.1 fill=\"#ffc53d\"/></svg>";

// Where a form's answer may lead: here, and to the providers' logouts.
static void add_policy(struct request *request, struct providers *providers)
{
    struct digest digest = digest_sha256(str_of(style));
    struct strbuf policy = strbuf_new(&request->arena);
    strbuf_add(&policy, STR("default-src 'none'; style-src 'sha256-"));
    base64_encode(&policy, str_from(digest.bytes, DIGEST_SIZE));
    strbuf_add(&policy, STR("'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"));
    for (size_t i = 0; i < providers_count(providers); i++) {
        str url = provider_endpoints(providers_at(providers, i))->end_session;
        size_t host = str_find(url, STR("://"));
        if (host == SIZE_MAX)
            continue;
        size_t len = str_find_char(str_from_index(url, host + 3), '/');
        strbuf_add_char(&policy, ' ');
        strbuf_add(&policy, len == SIZE_MAX ? url : str_sub(url, 0, host + 3 + len));
    }
    request_add_header(request, "Content-Security-Policy", strbuf_cstr(&policy));
    request_add_header(request, "Referrer-Policy", "same-origin");
    request_add_header(request, "X-Frame-Options", "DENY");
    request_add_header(request, "Cache-Control", "no-store");
}

static void add_field(struct strbuf *out, const char *label, const char *attributes)
{
    strbuf_format(out, "<label>%s<input %s></label>", label, attributes);
}

static void add_forms(struct request *request, struct strbuf *out, str target)
{
    strbuf_add(out, STR("<form method=post action=/login><input type=hidden name=target value=\""));
    add_escaped(out, target);
    strbuf_add(out, STR("\">"));
    add_field(out, text(request, TEXT_USER),
              "name=username autocomplete=username autocapitalize=none required autofocus");
    add_field(out, text(request, TEXT_PASSWORD),
              "name=password type=password autocomplete=current-password required");
    add_field(out, text(request, TEXT_CODE),
              "name=code inputmode=numeric autocomplete=one-time-code maxlength=6");
    strbuf_format(out, "<button>%s</button></form>", text(request, TEXT_LOG_IN));
}

static void add_providers(struct request *request, struct strbuf *out, struct providers *providers,
                          str target)
{
    struct strbuf query = strbuf_new(&request->arena);
    for (size_t i = 0; i < target.len; i++)
        strbuf_format(&query, "%%%02X", (unsigned char)target.data[i]);
    for (size_t i = 0; i < providers_count(providers); i++) {
        const struct provider_settings *settings = provider_settings(providers_at(providers, i));
        if (settings->client_id.len == 0)
            continue;
        strbuf_format(out, "<a class=b href=\"/auth/login/%.*s?target=%.*s\">%s ",
                      STR_ARG(settings->name), STR_ARG(strbuf_str(&query)),
                      text(request, TEXT_LOG_IN_WITH));
        add_escaped(out, settings->label);
        strbuf_add(out, STR("</a>"));
    }
}

void browser_login_page(struct request *request, const struct login_page *page)
{
    struct providers *providers =
        proof_providers(access_proof(gateway_access(api_of(request)->options.gateway)));
    struct strbuf out = strbuf_new(&request->arena);
    strbuf_format(&out,
                  "<!doctype html><html lang=%s><meta charset=utf-8><meta name=viewport "
                  "content=\"width=device-width\"><title>Baton: %s</title><style>%s</style><main>"
                  "<header>%s<h1>Baton</h1></header>",
                  is_german(request) ? "de" : "en", text(request, TEXT_LOG_IN), style, mark);
    if (page->message.len > 0) {
        strbuf_add(&out, STR("<p role=alert>"));
        add_escaped(&out, page->message);
        strbuf_add(&out, STR("</p>"));
    }
    if (page->user.len > 0) {
        strbuf_format(&out, "<p>%s <strong>", text(request, TEXT_LOGGED_IN_AS));
        add_escaped(&out, page->user);
        strbuf_format(&out,
                      "</strong></p><form method=post action=/logout><button>%s</button></form>",
                      text(request, TEXT_LOG_OUT));
    } else {
        add_forms(request, &out, page->target);
        add_providers(request, &out, providers, page->target);
    }
    strbuf_add(&out, STR("</main></html>\n"));
    add_policy(request, providers);
    request_answer_text(request, page->status, "text/html; charset=utf-8", strbuf_str(&out));
}
