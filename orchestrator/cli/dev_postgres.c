// SPDX-License-Identifier: Apache-2.0
#include "cli/dev_postgres.h"

#include <errno.h>
#include <glob.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/digest.h"
#include "cli/child.h"
#include "store/migrate.h"
#include "store/query.h"

enum { START_MS = 60000, STOP_MS = 20000, POLL_US = 50000, MAX_SOCKET_PATH = 90 };

static const char *path_in(struct dev_postgres *p, const char *directory, const char *name)
{
    return str_cstr(p->arena, str_format(p->arena, "%s/%s", directory, name));
}

// The newest one that is installed, as Debian lays them out; else what the PATH has.
static const char *program(struct dev_postgres *p, const char *name)
{
    glob_t found;
    const char *newest = name;
    str pattern = str_format(p->arena, "/usr/lib/postgresql/*/bin/%s", name);
    if (glob(str_cstr(p->arena, pattern), 0, NULL, &found) == 0)
        newest = str_cstr(p->arena, str_of(found.gl_pathv[found.gl_pathc - 1]));
    globfree(&found);
    return newest;
}

static bool choose_user(struct dev_postgres *p, struct error *err)
{
    static const char *const names[] = {"postgres", "nobody"};
    if (getuid() != 0)
        return true;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        const struct passwd *entry = getpwnam(names[i]);
        if (entry == NULL)
            continue;
        p->user = entry->pw_uid;
        p->group = entry->pw_gid;
        p->is_other = true;
        return true;
    }
    return error_set(err, ERROR_NOT_FOUND, "PostgreSQL",
                     "cannot run as root, and there is no user \"postgres\" or \"nobody\"");
}

static bool make_directory(struct dev_postgres *p, const char *path, mode_t mode, struct error *err)
{
    if (mkdir(path, mode) != 0 && errno != EEXIST)
        return error_set(err, ERROR_IO, path, "cannot be made: %s", strerror(errno));
    if (p->is_other && chown(path, p->user, p->group) != 0)
        return error_set(err, ERROR_IO, path, "cannot be given to PostgreSQL's user: %s",
                         strerror(errno));
    return true;
}

// The path of a socket is short by the system's rule; a long data directory gets a place under
// /tmp.
static bool choose_sockets(struct dev_postgres *p, const char *data, struct error *err)
{
    p->sockets = path_in(p, data, "socket");
    if (strlen(p->sockets) > MAX_SOCKET_PATH) {
        struct digest digest = digest_sha256(str_of(data));
        str hex = digest_hex(p->arena, str_from(digest.bytes, sizeof digest.bytes));
        p->sockets = str_cstr(
            p->arena, str_format(p->arena, "/tmp/baton-dev-%.*s", STR_ARG(str_sub(hex, 0, 16))));
    }
    return make_directory(p, p->sockets, 0700, err);
}

static struct child_spec spec_of(const struct dev_postgres *p, const char *name)
{
    return (struct child_spec){
        .name = name, .user = p->user, .group = p->group, .is_other = p->is_other, .log = p->log};
}

static bool initialise(struct dev_postgres *p, struct error *err)
{
    struct child_spec spec = spec_of(p, "initdb");
    const char *const arguments[] = {
        program(p, "initdb"), "-D",        p->directory, "-U", "baton", "-A", "trust", "-E", "UTF8",
        "--locale=C.UTF-8",   "--no-sync", NULL};
    memcpy(spec.arguments, arguments, sizeof arguments);
    if (access(path_in(p, p->directory, "PG_VERSION"), F_OK) == 0)
        return true;
    return child_run(&spec, err);
}

static bool start_server(struct dev_postgres *p, struct error *err)
{
    struct child_spec spec = spec_of(p, "postgres");
    const char *const arguments[] = {
        program(p, "postgres"),
        "-D",
        p->directory,
        "-c",
        "listen_addresses=",
        "-c",
        str_cstr(p->arena, str_format(p->arena, "unix_socket_directories=%s", p->sockets)),
        "-c",
        "shared_buffers=128MB",
        "-c",
        "max_connections=60",
        "-c",
        "wal_compression=on",
        NULL};
    memcpy(spec.arguments, arguments, sizeof arguments);
    return child_start(&spec, &p->pid, err);
}

static const char *url_as(struct dev_postgres *p, const char *user, const char *database)
{
    return str_cstr(p->arena,
                    str_format(p->arena, "host=%s user=%s dbname=%s", p->sockets, user, database));
}

static bool wait_until_ready(struct dev_postgres *p, struct error *err)
{
    int64_t end_ns = clock_monotonic_ns() + (int64_t)START_MS * 1000000;
    const char *url = url_as(p, "baton", "postgres");
    while (!store_reachable(url, err)) {
        if (child_has_ended(p->pid)) {
            p->pid = 0;
            return error_set(err, ERROR_IO, "PostgreSQL", "did not start: see %s", p->log);
        }
        if (clock_monotonic_ns() > end_ns)
            return false;
        usleep(POLL_US);
    }
    return true;
}

static bool make_database(struct dev_postgres *p, struct error *err)
{
    struct child_spec spec = spec_of(p, "createdb");
    const char *const arguments[] = {
        program(p, "createdb"), "-h", p->sockets, "-U", "baton", "baton", NULL};
    memcpy(spec.arguments, arguments, sizeof arguments);
    p->url = url_as(p, "baton", "baton");
    return store_reachable(p->url, err) || child_run(&spec, err);
}

bool dev_postgres_start(struct dev_postgres *p, struct arena *arena, const char *data,
                        struct error *err)
{
    *p = (struct dev_postgres){.arena = arena};
    p->directory = path_in(p, data, "postgres");
    const char *logs = path_in(p, data, "log");
    p->log = path_in(p, logs, "postgres.log");
    return choose_user(p, err) && make_directory(p, p->directory, 0700, err) &&
           make_directory(p, logs, 0755, err) && choose_sockets(p, data, err) &&
           initialise(p, err) && start_server(p, err) && wait_until_ready(p, err) &&
           make_database(p, err);
}

// SIGINT is PostgreSQL's fast shutdown: connections are ended, everything is kept.
void dev_postgres_stop(struct dev_postgres *p)
{
    child_stop(p->pid, SIGINT, STOP_MS);
    p->pid = 0;
}

// The API's statements are a role's that owns nothing: what row-level security holds off anywhere,
// it holds off here.
bool dev_postgres_make_roles(struct dev_postgres *p, struct error *err)
{
    static const char sql[] =
        "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'baton_api') THEN CREATE "
        "ROLE baton_api LOGIN; END IF; CALL baton_grant('baton', 'baton_api'); END $$";
    p->api_url = url_as(p, "baton_api", "baton");
    return query_run_blocking(p->url, str_of(sql), NULL, 0, NULL, NULL, err);
}
