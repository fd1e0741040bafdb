// SPDX-License-Identifier: Apache-2.0
//
// libpq takes what a URL leaves open from its environment; so does whatever else asks libpq.
#include "store/migrate.h"

#include "base/endpoint.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// Where the systems that Baton runs on keep the authorities they trust.
static const char *const system_authorities[] = {
    "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"};

static const char *value_of(const PQconninfoOption *options, const char *keyword)
{
    for (; options->keyword != NULL; options++)
        if (strcmp(options->keyword, keyword) == 0)
            return options->val == NULL ? "" : options->val;
    return "";
}

// A path or an empty name is a socket of this machine.
static bool is_local(const char *hosts)
{
    struct arena arena = ARENA_EMPTY;
    str rest = str_of(hosts), host;
    bool local = true;
    while (local && str_split(&rest, ',', &host)) {
        const struct endpoint endpoint = {.host = str_cstr(&arena, host)};
        local = str_is_empty(host) || host.data[0] == '/' || host.data[0] == '@' ||
                endpoint_is_loopback(&endpoint);
    }
    arena_done(&arena);
    return local;
}

static bool has_authorities_of_its_own(void)
{
    char path[4096];
    const char *home = getenv("HOME");
    snprintf(path, sizeof path, "%s/.postgresql/root.crt", home != NULL ? home : "");
    return access(path, R_OK) == 0;
}

static void trust_the_system(void)
{
    for (size_t i = 0; i < COUNT_OF(system_authorities); i++)
        if (access(system_authorities[i], R_OK) == 0) {
            setenv("PGSSLROOTCERT", system_authorities[i], 0);
            return;
        }
}

static bool is_remote(const PQconninfoOption *options)
{
    const char *address = value_of(options, "hostaddr"), *host = value_of(options, "host"),
               *variable = getenv("PGHOST");
    if (address[0] != '\0')
        return !is_local(address);
    if (host[0] == '\0' && variable != NULL)
        host = variable;
    return !is_local(host);
}

void store_default_to_tls(const char *url)
{
    PQconninfoOption *options = PQconninfoParse(url, NULL);
    if (options == NULL)
        return;
    bool is_said = value_of(options, "sslmode")[0] != '\0' || getenv("PGSSLMODE") != NULL;
    if (!is_said && is_remote(options)) {
        setenv("PGSSLMODE", "verify-full", 1);
        if (value_of(options, "sslrootcert")[0] == '\0' && !has_authorities_of_its_own())
            trust_the_system();
    }
    PQconninfoFree(options);
}
