// SPDX-License-Identifier: Apache-2.0
// Connecting to servers that are none. The rest needs a PostgreSQL: store_cluster_test.c.
#include "store/pg.h"
#include "store/migrate.h"
#include "store/pg_hosts.h"

#include <arpa/inet.h>
#include <event2/event.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { CONNECT_MS = 100, PATIENCE_SECONDS = 20 };

// Accepts, by the kernel, and says nothing.
static int silent_server(uint16_t *ret_port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(fd, 8), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    *ret_port = ntohs(address.sin_port);
    return fd;
}

struct scene {
    struct event_base *loop;
    int lost;
};

static void on_connected(void *context)
{
    (void)context;
    fail_msg("a silent server is no PostgreSQL");
}

static void on_lost(void *context, const struct error *err)
{
    struct scene *scene = context;
    assert_string_equal(err->text, "no answer while connecting");
    scene->lost++;
}

static void on_second(evutil_socket_t fd, short what, void *context)
{
    (void)fd, (void)what;
    struct scene *scene = context;
    event_base_loopbreak(scene->loop);
}

static void give_up(evutil_socket_t fd, short what, void *context)
{
    (void)fd, (void)what, (void)context;
    fail_msg("the second server was not tried in %d seconds", PATIENCE_SECONDS);
}

static void a_silent_server_is_given_up_and_the_next_one_is_tried(void **state)
{
    (void)state;
    struct scene scene = {.loop = event_base_new()};
    uint16_t ports[2];
    int silent = silent_server(&ports[0]), second = silent_server(&ports[1]);
    char url[200];
    snprintf(url, sizeof url, "postgresql://someone@127.0.0.1:%u,127.0.0.1:%u/x?sslmode=disable",
             ports[0], ports[1]);
    const struct pg_options options = {.url = url, .application = "test", .connect_ms = CONNECT_MS};
    const struct pg_handler handler = {&scene, on_connected, on_lost};
    struct event *readable = event_new(scene.loop, second, EV_READ, on_second, &scene);
    struct event *patience = event_new(scene.loop, -1, 0, give_up, NULL);
    const struct timeval limit = {.tv_sec = PATIENCE_SECONDS};
    event_add(readable, NULL);
    event_add(patience, &limit);
    struct pg *pg = pg_new(&options, &handler, scene.loop);
    event_base_dispatch(scene.loop);
    assert_int_equal(scene.lost, 1);
    pg_free(pg);
    event_free(readable);
    event_free(patience);
    event_base_free(scene.loop);
    close(silent);
    close(second);
}

static void servers_take_turns(void **state)
{
    (void)state;
    struct pg_hosts hosts = pg_hosts_new("host=one,two,three port=1,2,3 dbname=x");
    assert_int_equal(hosts.count, 3);
    pg_hosts_next(&hosts);
    assert_string_equal(hosts.host, "two,three,one");
    assert_string_equal(hosts.port, "2,3,1");
    pg_hosts_next(&hosts);
    pg_hosts_next(&hosts);
    assert_string_equal(hosts.host, "one,two,three");
    pg_hosts_done(&hosts);

    hosts = pg_hosts_new("postgresql://only:5433/x");
    pg_hosts_next(&hosts);
    assert_string_equal(hosts.host, "only");
    assert_string_equal(hosts.port, "5433");
    pg_hosts_done(&hosts);
}

static const char *mode_for(const char *url)
{
    unsetenv("PGSSLMODE");
    unsetenv("PGSSLROOTCERT");
    store_default_to_tls(url);
    return getenv("PGSSLMODE");
}

static void servers_elsewhere_are_asked_by_tls(void **state)
{
    (void)state;
    static const char *const local[] = {"postgresql:///baton",
                                        "host=/run/postgresql dbname=x",
                                        "host=localhost",
                                        "postgresql://a@127.0.0.1:5432/x",
                                        "postgresql://[::1]/x",
                                        "host=db sslmode=disable",
                                        "host=db hostaddr=127.0.0.1",
                                        "postgresql://db/x?sslmode=require",
                                        "host=localhost,127.0.0.2",
                                        "nonsense=1"};
    static const char *const remote[] = {"postgresql://db/x", "host=localhost,db",
                                         "hostaddr=10.0.0.1", "host=127.0.0.1.example.org"};
    unsetenv("PGHOST");
    for (size_t i = 0; i < COUNT_OF(local); i++)
        if (mode_for(local[i]) != NULL)
            fail_msg("%s", local[i]);
    for (size_t i = 0; i < COUNT_OF(remote); i++)
        assert_string_equal(mode_for(remote[i]), "verify-full");
    assert_string_equal(mode_for("host=db sslrootcert=/ours.pem"), "verify-full");
    assert_null(getenv("PGSSLROOTCERT"));
    setenv("PGSSLMODE", "prefer", 1);
    store_default_to_tls("host=db");
    assert_string_equal(getenv("PGSSLMODE"), "prefer");
    unsetenv("PGSSLMODE");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_silent_server_is_given_up_and_the_next_one_is_tried),
        cmocka_unit_test(servers_take_turns),
        cmocka_unit_test(servers_elsewhere_are_asked_by_tls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
