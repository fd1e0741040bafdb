// SPDX-License-Identifier: Apache-2.0
#include "loop/tls.h"

#include "base/digest.h"
#include "base/json.h"
#include "base/log.h"
#include "loop/timer.h"

#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

enum { FILES = 3, MAX_SUBJECT = 1024 };

// What is known of a file: another one has other values.
struct seen {
    dev_t device;
    ino_t inode;
    off_t size;
    struct timespec changed;
};

struct tls {
    struct tls_options options;
    SSL_CTX *context;
    struct timer *reload;
    struct seen seen[FILES];
    struct tls_counts counts;
};

// -- Settings ---------------------------------------------------------------------------

static const char *file_of(const struct tls_options *options, int index)
{
    const char *const files[FILES] = {options->certificate, options->key, options->client_ca};
    return files[index];
}

// False, with what OpenSSL says of it.
static bool fail(const struct tls_options *options, const char *setting, const char *file,
                 struct error *err)
{
    char place[64], why[160];
    snprintf(place, sizeof place, "%s.%s", options->place, setting);
    ERR_error_string_n(ERR_peek_last_error(), why, sizeof why);
    ERR_clear_error();
    return error_set(err, ERROR_INVALID, place, "'%.200s' cannot be used: %s", file, why);
}

static int select_protocol(SSL *ssl, const unsigned char **ret_name, unsigned char *ret_len,
                           const unsigned char *in, unsigned length, void *context)
{
    (void)ssl;
    const struct tls *tls = context;
    size_t len = strlen(tls->options.protocol);
    for (unsigned at = 0; at < length && at + 1 + in[at] <= length; at += 1u + in[at])
        if (in[at] == len && memcmp(in + at + 1, tls->options.protocol, len) == 0) {
            *ret_name = in + at + 1;
            *ret_len = (unsigned char)len;
            return SSL_TLSEXT_ERR_OK;
        }
    return SSL_TLSEXT_ERR_ALERT_FATAL;
}

// Who speaks HTTP to this port is told in HTTP, once: nobody reads alerts.
static void on_state(const SSL *ssl, int where, int ret)
{
    static const char body[] =
        "{\"type\":\"about:blank\",\"title\":\"INVALID_ARGUMENT\",\"status\":400,"
        "\"detail\":\"this port speaks HTTPS: begin the address with https://\"}";
    char answer[sizeof body + 160];
    if ((where & SSL_CB_EXIT) == 0 || ret > 0 ||
        ERR_GET_REASON(ERR_peek_last_error()) != SSL_R_HTTP_REQUEST)
        return;
    int len = snprintf(answer, sizeof answer,
                       "HTTP/1.1 400 Bad Request\r\nContent-Type: application/problem+json\r\n"
                       "Connection: close\r\nContent-Length: %zu\r\n\r\n%s",
                       sizeof body - 1, body);
    (void)!send(SSL_get_fd(ssl), answer, (size_t)len, MSG_DONTWAIT | MSG_NOSIGNAL);
}

// What is wrong is kept in the connection's verify result.
static int let_pass(int is_good, X509_STORE_CTX *context)
{
    (void)is_good, (void)context;
    return 1;
}

// Sessions are not resumed: a certificate counts as long as it is valid, not as long as a ticket.
static bool ask_clients(SSL_CTX *context, const struct tls_options *options, struct error *err)
{
    if (options->clients == TLS_CLIENTS_NONE)
        return true;
    if (SSL_CTX_load_verify_locations(context, options->client_ca, NULL) != 1)
        return fail(options, "tls_client_ca", options->client_ca, err);
    STACK_OF(X509_NAME) *names = SSL_load_client_CA_file(options->client_ca);
    SSL_CTX_set_client_CA_list(context, names);
    if (options->clients == TLS_CLIENTS_REQUIRED)
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    else
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER, let_pass);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
    SSL_CTX_set_num_tickets(context, 0);
    return true;
}

static bool read_files(SSL_CTX *context, const struct tls_options *options, struct error *err)
{
    if (SSL_CTX_use_certificate_chain_file(context, options->certificate) != 1)
        return fail(options, "tls_certificate", options->certificate, err);
    if (SSL_CTX_use_PrivateKey_file(context, options->key, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(context) != 1)
        return fail(options, "tls_key", options->key, err);
    return ask_clients(context, options, err);
}

static SSL_CTX *make_context(struct tls *tls, struct error *err)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    check(context != NULL);
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20");
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                     SSL_OP_CIPHER_SERVER_PREFERENCE |
                                     SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_alpn_select_cb(context, select_protocol, tls);
    SSL_CTX_set_info_callback(context, on_state);
    if (read_files(context, &tls->options, err))
        return context;
    SSL_CTX_free(context);
    return NULL;
}

static int64_t end_of(const X509 *certificate)
{
    struct tm tm = {0};
    if (certificate == NULL || ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &tm) != 1)
        return 0;
    return (int64_t)timegm(&tm);
}

// -- Files that change ------------------------------------------------------------------

static struct seen look_at(const char *file)
{
    struct stat stat_of;
    struct seen seen = {0};
    if (file[0] != '\0' && stat(file, &stat_of) == 0)
        seen = (struct seen){stat_of.st_dev, stat_of.st_ino, stat_of.st_size, stat_of.st_mtim};
    return seen;
}

static bool has_changed(struct tls *tls)
{
    bool changed = false;
    for (int i = 0; i < FILES; i++) {
        struct seen now = look_at(file_of(&tls->options, i)), *was = &tls->seen[i];
        changed = changed || now.device != was->device || now.inode != was->inode ||
                  now.size != was->size || now.changed.tv_sec != was->changed.tv_sec ||
                  now.changed.tv_nsec != was->changed.tv_nsec;
        *was = now;
    }
    return changed;
}

static void use(struct tls *tls, SSL_CTX *context)
{
    SSL_CTX_free(tls->context);
    tls->context = context;
    tls->counts.not_after = end_of(SSL_CTX_get0_certificate(context));
}

// Half-written files are read again when they are whole: until then the one before is shown.
static void on_reload(void *context)
{
    struct tls *tls = context;
    struct error err;
    timer_set(tls->reload, TLS_RELOAD_MS);
    if (!has_changed(tls))
        return;
    SSL_CTX *made = make_context(tls, &err);
    if (made == NULL) {
        tls->counts.failures++;
        log_warning(tls->options.place, "the certificate stays as it was: %s: %s", err.place,
                    err.text);
        return;
    }
    use(tls, made);
    tls->counts.reloads++;
    log_info(tls->options.place, "the certificate was read anew");
}

// -- The listener's side ----------------------------------------------------------------

struct tls *tls_new(const struct tls_options *options, struct error *err)
{
    struct tls *tls = calloc(1, sizeof *tls);
    check(tls != NULL);
    tls->options = *options;
    (void)has_changed(tls);
    SSL_CTX *context = make_context(tls, err);
    if (context == NULL) {
        free(tls);
        return NULL;
    }
    use(tls, context);
    tls->reload = timer_new(options->loop, on_reload, tls);
    timer_set(tls->reload, TLS_RELOAD_MS);
    return tls;
}

static enum tls_clients clients_of(const struct config *config)
{
    const char *word = config_str(config, CONFIG_API_TLS_CLIENTS);
    return strcmp(word, "required") == 0   ? TLS_CLIENTS_REQUIRED
           : strcmp(word, "optional") == 0 ? TLS_CLIENTS_OPTIONAL
                                           : TLS_CLIENTS_NONE;
}

bool tls_start(const struct config *config, struct event_base *loop, const char *protocol,
               struct tls **ret_tls, struct error *err)
{
    const struct tls_options options = {.loop = loop,
                                        .place = "api",
                                        .certificate =
                                            config_str(config, CONFIG_API_TLS_CERTIFICATE),
                                        .key = config_str(config, CONFIG_API_TLS_KEY),
                                        .client_ca = config_str(config, CONFIG_API_TLS_CLIENT_CA),
                                        .clients = clients_of(config),
                                        .protocol = protocol};
    *ret_tls = options.certificate[0] == '\0' ? NULL : tls_new(&options, err);
    return options.certificate[0] == '\0' || *ret_tls != NULL;
}

void tls_free(struct tls *tls)
{
    if (tls == NULL)
        return;
    timer_free(tls->reload);
    SSL_CTX_free(tls->context);
    free(tls);
}

struct bufferevent *tls_accept(struct tls *tls, struct event_base *loop, evutil_socket_t fd,
                               int flags)
{
    SSL *ssl = tls == NULL ? NULL : SSL_new(tls->context);
    check((tls == NULL) == (ssl == NULL));
    struct bufferevent *buffer =
        ssl == NULL
            ? bufferevent_socket_new(loop, fd, flags)
            : bufferevent_openssl_socket_new(loop, fd, ssl, BUFFEREVENT_SSL_ACCEPTING, flags);
    check(buffer != NULL);
    if (ssl == NULL)
        return buffer;
    bufferevent_openssl_set_allow_dirty_shutdown(buffer, 1);
    return buffer;
}

void tls_end(struct bufferevent *buffer)
{
    SSL *ssl = bufferevent_openssl_get_ssl(buffer);
    if (ssl != NULL && SSL_is_init_finished(ssl))
        SSL_shutdown(ssl);
    ERR_clear_error();
}

struct tls_counts tls_counts(const struct tls *tls)
{
    return tls->counts;
}

// -- The other side's certificate -------------------------------------------------------

static void write_names(struct json_writer *w, str key, const GENERAL_NAMES *names, int type)
{
    int written = 0;
    json_key(w, key);
    json_begin_array(w);
    for (int i = 0; i < sk_GENERAL_NAME_num(names) && written < TLS_MAX_NAMES; i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        if (name->type != type)
            continue;
        const ASN1_STRING *text = name->d.ia5;
        str value =
            str_from((const char *)ASN1_STRING_get0_data(text), (size_t)ASN1_STRING_length(text));
        if (str_find_char(value, '\0') == SIZE_MAX) {
            json_string(w, value);
            written++;
        }
    }
    json_end_array(w);
}

static str name_text(struct arena *arena, const X509_NAME *name)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *text;
    check(bio != NULL);
    X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
    long len = BIO_get_mem_data(bio, &text);
    str copy = str_copy(arena, str_from(text, len > MAX_SUBJECT ? MAX_SUBJECT : (size_t)len));
    BIO_free(bio);
    return copy;
}

// Empty when it has none, or one with a NUL in it, which would be another to whoever reads C.
static str common_name(struct arena *arena, const X509_NAME *name)
{
    unsigned char *text = NULL;
    int at = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
    const X509_NAME_ENTRY *entry = at < 0 ? NULL : X509_NAME_get_entry(name, at);
    int len = entry == NULL ? -1 : ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(entry));
    str copy = len > 0 ? str_copy(arena, str_from((char *)text, (size_t)len)) : STR_EMPTY;
    OPENSSL_free(text);
    return str_find_char(copy, '\0') == SIZE_MAX ? copy : STR_EMPTY;
}

static void write_member(struct json_writer *w, const char *key, str text)
{
    json_key(w, str_of(key));
    json_string(w, text);
}

static void write_identifiers(struct arena *arena, struct json_writer *w, X509 *certificate)
{
    unsigned char hash[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    const ASN1_INTEGER *serial = X509_get0_serialNumber(certificate);
    check(X509_digest(certificate, EVP_sha256(), hash, &len) == 1);
    write_member(w, "fingerprint", digest_hex(arena, str_from((char *)hash, len)));
    write_member(w, "serial",
                 digest_hex(arena, str_from((const char *)ASN1_STRING_get0_data(serial),
                                            (size_t)ASN1_STRING_length(serial))));
    json_key(w, STR("not_after"));
    json_i64(w, end_of(certificate));
}

static str claims_of(struct arena *arena, X509 *certificate)
{
    struct strbuf out = strbuf_new(arena);
    struct json_writer w = json_writer_new(&out);
    const X509_NAME *subject = X509_get_subject_name(certificate);
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    json_begin_object(&w);
    write_member(&w, "subject", name_text(arena, subject));
    write_member(&w, "issuer", name_text(arena, X509_get_issuer_name(certificate)));
    write_member(&w, "cn", common_name(arena, subject));
    write_identifiers(arena, &w, certificate);
    write_names(&w, STR("uris"), names, GEN_URI);
    write_names(&w, STR("dns"), names, GEN_DNS);
    write_names(&w, STR("emails"), names, GEN_EMAIL);
    json_end_object(&w);
    GENERAL_NAMES_free(names);
    return strbuf_str(&out);
}

bool tls_peer_read(struct arena *arena, struct bufferevent *buffer, str *ret_claims,
                   const char **ret_problem)
{
    SSL *ssl = bufferevent_openssl_get_ssl(buffer);
    X509 *certificate = ssl == NULL ? NULL : SSL_get1_peer_certificate(ssl);
    if (certificate == NULL)
        return false;
    long verdict = SSL_get_verify_result(ssl);
    *ret_problem = verdict == X509_V_OK ? NULL : X509_verify_cert_error_string(verdict);
    // It was good when the connection began, which may be long ago.
    if (*ret_problem == NULL && X509_cmp_current_time(X509_get0_notAfter(certificate)) < 0)
        *ret_problem = X509_verify_cert_error_string(X509_V_ERR_CERT_HAS_EXPIRED);
    *ret_claims = claims_of(arena, certificate);
    X509_free(certificate);
    return true;
}
