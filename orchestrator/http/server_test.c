// SPDX-License-Identifier: Apache-2.0
// A server and its clients on one loop: what goes over the wire -> what comes back.
#include "http/server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MANY = 40, MOST_CONNECTIONS = 16, MOST_BYTES = 1 << 20, ANSWER = 8192, BIG = 16 << 20 };

static struct {
    struct event_base *loop;
    struct http_server *server;
    struct request *kept;          // by the route /keep: answered by the test
    size_t gone;                   // callers that left
    struct request *waiting[MANY]; // by the route /wait
    size_t waiting_count;
    bool drained;
} it;

// -- The routes -------------------------------------------------------------------------

static void on_gone(struct request *request)
{
    (void)request;
    it.gone++;
}

static enum admission admit(struct request *request)
{
    request->on_gone = on_gone;
    return ADMITTED;
}

static void handle_hello(struct request *request)
{
    request_answer_json(request, 200, STR("{\"hello\":1}"));
}

static void handle_echo(struct request *request)
{
    request_answer_json(request, 200, request->raw_body);
}

static void handle_keep(struct request *request)
{
    it.kept = request;
}

static void handle_wait(struct request *request)
{
    if (request_may_wait(request))
        it.waiting[it.waiting_count++] = request;
}

static void handle_big(struct request *request)
{
    char *text = arena_zalloc(&request->arena, BIG);
    memset(text, '7', BIG);
    request_answer_json(request, 200, str_from(text, BIG));
}

static const struct route routes[] = {
    {ROUTE_GET, "/hello", NO_BODY, handle_hello},
    {ROUTE_POST, "/hello", JSON, handle_hello},
    {ROUTE_POST, "/echo", JSON, handle_echo},
    {ROUTE_POST, "/files", MULTIPART, handle_hello},
    {ROUTE_GET, "/names/{}", NO_BODY, handle_hello},
    {ROUTE_POST, "/keep", JSON, handle_keep},
    {ROUTE_GET, "/wait", NO_BODY, handle_wait},
    {ROUTE_GET, "/big", NO_BODY, handle_big},
    {ROUTE_GET, "/health", NO_BODY, handle_hello, .permission = "none"},
};

// -- Clients ----------------------------------------------------------------------------

static uint16_t port(void)
{
    const char *colon = strrchr(http_server_address(it.server), ':');
    return (uint16_t)atoi(colon + 1);
}

static int connect_client(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port())};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

static void turn(void)
{
    event_base_loop(it.loop, EVLOOP_NONBLOCK);
}

static void say(int fd, const char *text)
{
    assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

// What the server has said until it has said `enough`, or has closed (then *ret_closed).
static const char *hear(int fd, const char *enough, bool *ret_closed)
{
    static char answer[ANSWER];
    size_t len = 0;
    *ret_closed = false;
    for (int i = 0; i < 4000; i++) {
        turn();
        ssize_t got = recv(fd, answer + len, sizeof answer - 1 - len, MSG_DONTWAIT);
        if (got > 0)
            len += (size_t)got;
        answer[len] = '\0';
        *ret_closed = got == 0 || (got < 0 && errno != EAGAIN);
        if (*ret_closed || (enough != NULL && strstr(answer, enough) != NULL))
            return answer;
        usleep(1000);
    }
    return answer;
}

static void assert_answer(const char *request, const char *first, const char *second)
{
    bool closed;
    int fd = connect_client();
    say(fd, request);
    const char *answer = hear(fd, first, &closed);
    if (strstr(answer, first) == NULL || strstr(answer, second) == NULL)
        fail_msg("%s\n-> %s\nlacks '%s' or '%s'", request, answer, first, second);
    close(fd);
    turn();
}

static void assert_posted(const char *body, const char *first, const char *second)
{
    char request[1024];
    snprintf(request, sizeof request,
             "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
             "Content-Length: %zu\r\n\r\n%s",
             strlen(body), body);
    assert_answer(request, first, second);
}

static int set_up(void **state)
{
    (void)state;
    struct error err;
    it.loop = event_base_new();
    struct http_options options = {.loop = it.loop,
                                   .listen = "127.0.0.1:0",
                                   .routes = routes,
                                   .route_count = COUNT_OF(routes),
                                   .admit = admit,
                                   .local_only = true,
                                   .max_open_requests = 100,
                                   .max_connections = MOST_CONNECTIONS,
                                   .max_bytes = MOST_BYTES,
                                   .reading_seconds = 1};
    it.server = http_server_new(&options, &err);
    return it.server == NULL;
}

static int tear_down(void **state)
{
    (void)state;
    http_server_free(it.server);
    event_base_free(it.loop);
    memset(&it, 0, sizeof it);
    return 0;
}

// -- Requests ---------------------------------------------------------------------------

#define LOCAL "Host: localhost:8080\r\n"
#define TYPE(type) "Content-Type: " type "\r\n"
#define BODY(text) "Content-Length: " text

static void requests_are_answered(void **state)
{
    (void)state;
    assert_answer("GET /hello HTTP/1.1\r\n" LOCAL "\r\n", "{\"hello\":1}", "200");
    assert_answer("POST /echo HTTP/1.1\r\n" LOCAL TYPE("application/json; charset=utf-8")
                      BODY("2\r\n\r\n{}"),
                  "{}", "200");
    assert_answer("GET /nobody HTTP/1.1\r\n" LOCAL "\r\n", "there is no resource", "404");
}

static void other_methods_are_answered(void **state)
{
    (void)state;
    bool closed;
    assert_answer("DELETE /hello HTTP/1.1\r\n" LOCAL "\r\n", "does not take this method",
                  "Allow: GET, HEAD, POST, OPTIONS");
    assert_answer("OPTIONS /hello HTTP/1.1\r\n" LOCAL "\r\n", "\r\n\r\n",
                  "Allow: GET, HEAD, POST, OPTIONS");
    int fd = connect_client();
    say(fd, "HEAD /hello HTTP/1.1\r\n" LOCAL "\r\nGET /nobody HTTP/1.1\r\n" LOCAL "\r\n");
    const char *answers = hear(fd, "no resource", &closed);
    assert_non_null(strstr(answers, "Content-Length: 11\r\n"));
    assert_null(strstr(answers, "hello\":1")); // a HEAD has no body, and the next answer follows
    close(fd);
}

static void bodies_of_other_types_are_refused(void **state)
{
    (void)state;
    assert_answer("POST /echo HTTP/1.1\r\n" LOCAL TYPE("text/plain") BODY("2\r\n\r\n{}"),
                  "must be application/json", "415");
    assert_answer("POST /echo HTTP/1.1\r\n" LOCAL BODY("2\r\n\r\n{}"), "must be application/json",
                  "415");
    assert_answer("POST /files HTTP/1.1\r\n" LOCAL TYPE("application/json") BODY("2\r\n\r\n{}"),
                  "must be multipart/form-data", "415");
}

static void other_machines_are_refused_without_a_key(void **state)
{
    (void)state;
    assert_answer("GET /hello HTTP/1.1\r\nHost: evil.example\r\n\r\n", "programs on its own",
                  "403");
    assert_answer("GET /hello HTTP/1.1\r\n" LOCAL "Origin: http://evil.example\r\n\r\n",
                  "programs on its own", "403");
    assert_answer("GET /hello HTTP/1.1\r\nHost: localhost.evil.example\r\n\r\n",
                  "programs on its own", "403");
    assert_answer("GET /hello HTTP/1.1\r\n" LOCAL "Origin: null\r\n\r\n", "programs on its own",
                  "403");
    assert_answer("GET /hello HTTP/1.1\r\n" LOCAL "Origin: http://127.0.0.1:5173\r\n\r\n",
                  "{\"hello\":1}", "200");
}

static void paths_and_bodies_without_nul(void **state)
{
    (void)state;
    assert_answer("GET /names/a%00b HTTP/1.1\r\n" LOCAL "\r\n", "U+0000", "400");
    assert_posted("{\"a\":[1,{\"b\":\"x\\u0000y\"}]}", "a[1].b", "400");
    assert_posted("{\"a\":{\"\\u0000\":1}}", "U+0000", "400");
    assert_posted("{\"a\":\"\\\\u0000\"}", "\\\\u0000", "200"); // a backslash and u0000
}

static void what_the_guard_objects_to_is_answered_at_once(void **state)
{
    (void)state;
    bool closed;
    int fd = connect_client();
    say(fd, "POST /echo HTTP/1.1\r\n" LOCAL
            "Content-Length: 3\r\nContent-Length: 3\r\n\r\n"); // its body never comes
    const char *answer = hear(fd, "stands twice", &closed);
    assert_non_null(strstr(answer, "stands twice"));
    assert_non_null(strstr(answer, " 400 "));
    close(fd);
}

// -- Limits -----------------------------------------------------------------------------

static void idle_connections_make_room(void **state)
{
    (void)state;
    int idle[MANY];
    for (int i = 0; i < MANY; i++) {
        idle[i] = connect_client();
        turn();
    }
    assert_true(http_server_counts(it.server).connections <=
                MOST_CONNECTIONS + MOST_CONNECTIONS / 8); // newcomers
    requests_are_answered(NULL);
    assert_true(http_server_counts(it.server).cut_off >=
                MANY - MOST_CONNECTIONS - MOST_CONNECTIONS / 8);
    for (int i = 0; i < MANY; i++)
        close(idle[i]);
}

static void a_request_that_trickles_is_cut_off(void **state)
{
    (void)state;
    bool closed = false;
    int fd = connect_client();
    say(fd, "GET /hello HTTP/1.1\r\n");
    for (int i = 0; i < 8 && !closed; i++) {
        (void)!send(fd, "X: y\r\n", 6, MSG_NOSIGNAL);
        hear(fd, "never said", &closed);
    }
    assert_true(closed);
    assert_int_equal(http_server_counts(it.server).connections, 0);
    close(fd);
}

// Begins a body of 900,000 bytes and sends `len` of them.
static int begin_body(size_t len)
{
    static const char head[] =
        "POST /echo HTTP/1.1\r\n" LOCAL TYPE("application/json") BODY("900000\r\n\r\n");
    int fd = connect_client();
    say(fd, head);
    for (size_t sent = 0; sent < len;) {
        static const char blanks[4096] = {' '};
        ssize_t got = send(fd, blanks, sizeof blanks, MSG_NOSIGNAL | MSG_DONTWAIT);
        sent += got > 0 ? (size_t)got : 0;
        turn();
    }
    for (int i = 0; i < 20; i++)
        turn();
    return fd;
}

static void bytes_in_flight_are_limited(void **state)
{
    (void)state;
    bool closed;
    int first = begin_body(600000);
    int second = begin_body(300000);
    const char *answer = hear(second, "in flight", &closed);
    assert_non_null(strstr(answer, "api.max_bytes"));
    assert_non_null(strstr(answer, " 503 "));
    assert_non_null(strstr(answer, "Retry-After: 1"));
    assert_posted("{\"small\":1}", "small", "200");
    close(first);
    close(second);
    for (int i = 0; i < 20; i++)
        turn();
    assert_int_equal(http_server_counts(it.server).bytes, 0);
    assert_answer("POST /echo HTTP/1.1\r\n" LOCAL TYPE("application/json") BODY("99999999\r\n\r\n"),
                  "REQUEST_MAX_BODY", "413");
}

static void large_bodies_arrive_whole(void **state)
{
    (void)state;
    bool closed;
    enum { SIZE = 1000000 };
    int fd = connect_client();
    char *body = calloc(1, SIZE);
    memset(body, ' ', SIZE);
    body[SIZE - 2] = '{', body[SIZE - 1] = '}';
    say(fd, "POST /hello HTTP/1.1\r\n" LOCAL TYPE("application/json") BODY("1000000\r\n\r\n"));
    for (size_t sent = 0; sent < SIZE;) {
        ssize_t some = send(fd, body + sent, SIZE - sent, MSG_DONTWAIT | MSG_NOSIGNAL);
        sent += some > 0 ? (size_t)some : 0;
        turn();
    }
    assert_non_null(strstr(hear(fd, "hello\":1", &closed), "{\"hello\":1}"));
    free(body);
    close(fd);
}

static void bytes_that_were_only_announced_cost_nothing(void **state)
{
    (void)state;
    int fds[MOST_CONNECTIONS - 4];
    for (size_t i = 0; i < COUNT_OF(fds); i++)
        fds[i] = begin_body(0);
    assert_int_equal(http_server_counts(it.server).bytes, 0);
    large_bodies_arrive_whole(NULL);
    for (size_t i = 0; i < COUNT_OF(fds); i++)
        close(fds[i]);
}

static void answers_that_nobody_takes_shut_out_no_small_request(void **state)
{
    (void)state;
    bool closed;
    int slow = connect_client();
    say(slow, "GET /big HTTP/1.1\r\n" LOCAL "\r\n");
    for (int i = 0; i < 100; i++)
        turn();
    assert_true(http_server_counts(it.server).bytes > MOST_BYTES);
    assert_answer("GET /big HTTP/1.1\r\n" LOCAL "\r\n", "wait to be taken", "503");
    assert_posted("{\"small\":1}", "small", "200");
    bool has_room =
        false; // once the slow one has to make it, some time after it last took anything
    int next = -1;
    for (int tries = 0; tries < 100 && !has_room; tries++) {
        close(next);
        for (int i = 0; i < 100; i++) {
            turn();
            usleep(1000);
        }
        next = connect_client();
        say(next, "GET /big HTTP/1.1\r\n" LOCAL "\r\n");
        const char *answer = hear(next, "\r\n\r\n", &closed);
        has_room = strstr(answer, "200") != NULL;
    }
    assert_true(has_room);
    assert_non_null(strstr(hear(next, "777", &closed), "777"));
    assert_int_equal(http_server_counts(it.server).cut_off, 1);
    close(slow);
    close(next);
    for (int i = 0; i < 100; i++)
        turn();
    assert_int_equal(http_server_counts(it.server).bytes, 0);
}

static void requests_that_wait_leave_connections_to_others(void **state)
{
    (void)state;
    int fds[MANY];
    for (int i = 0; i < MANY; i++) {
        fds[i] = connect_client();
        say(fds[i], "GET /wait HTTP/1.1\r\n" LOCAL "\r\n");
        for (int j = 0; j < 5; j++)
            turn();
    }
    assert_int_equal(it.waiting_count, MOST_CONNECTIONS / 4 * 3);
    assert_answer("GET /wait HTTP/1.1\r\n" LOCAL "\r\n", "too many requests wait", "503");
    assert_answer("GET /hello HTTP/1.1\r\n" LOCAL "\r\n", "{\"hello\":1}", "200");
    for (size_t i = 0; i < it.waiting_count; i++)
        request_answer_empty(it.waiting[i]);
    for (int i = 0; i < 20; i++)
        turn();
    it.waiting_count = 0;
    int again = connect_client();
    say(again, "GET /wait HTTP/1.1\r\n" LOCAL "\r\n");
    for (int i = 0; i < 20 && it.waiting_count == 0; i++)
        turn();
    assert_int_equal(it.waiting_count, 1);
    request_answer_empty(it.waiting[0]);
    for (int i = 0; i < MANY; i++)
        close(fds[i]);
    close(again);
}

static void health_is_answered_while_all_others_are_worked_on(void **state)
{
    (void)state;
    int fds[MOST_CONNECTIONS];
    struct request *kept[MOST_CONNECTIONS] = {0};
    size_t count = 0;
    for (int i = 0; i < MOST_CONNECTIONS; i++) {
        fds[i] = connect_client();
        it.kept = NULL;
        say(fds[i], "POST /keep HTTP/1.1\r\n" LOCAL TYPE("application/json") BODY("2\r\n\r\n{}"));
        for (int j = 0; j < 10; j++)
            turn();
        if (it.kept != NULL)
            kept[count++] = it.kept;
    }
    assert_int_equal(count, MOST_CONNECTIONS / 8 * 7);
    assert_answer("GET /hello HTTP/1.1\r\n" LOCAL "\r\n", "too many requests are open", "503");
    assert_answer("GET /health HTTP/1.1\r\n" LOCAL "\r\n", "{\"hello\":1}", "200");
    for (size_t i = 0; i < count; i++)
        request_answer_empty(kept[i]);
    for (int i = 0; i < MOST_CONNECTIONS; i++)
        close(fds[i]);
}

static void who_comes_while_all_others_are_busy_is_heard(void **state)
{
    (void)state;
    int fds[MOST_CONNECTIONS];
    struct request *kept[MOST_CONNECTIONS] = {0};
    size_t count = 0, most = MOST_CONNECTIONS / 8 * 7;
    for (size_t i = 0; i < MOST_CONNECTIONS; i++) {
        fds[i] = connect_client();
        it.kept = NULL;
        say(fds[i], i < most ? "POST /keep HTTP/1.1\r\n" LOCAL TYPE("application/json")
                                   BODY("2\r\n\r\n{}")
                             : "GET /hello HTTP/1.1\r\n");
        for (int j = 0; j < 10; j++)
            turn();
        if (it.kept != NULL)
            kept[count++] = it.kept;
    }
    assert_int_equal(count, most);
    bool closed;
    int fd = connect_client();
    for (int j = 0; j < 10; j++) // it has said nothing yet
        turn();
    say(fd, "GET /health HTTP/1.1\r\n" LOCAL "\r\n");
    assert_non_null(strstr(hear(fd, "{\"hello\":1}", &closed), "{\"hello\":1}"));
    close(fd);
    for (size_t i = 0; i < count; i++)
        request_answer_empty(kept[i]);
    for (size_t i = 0; i < MOST_CONNECTIONS; i++)
        close(fds[i]);
}

// -- Ends -------------------------------------------------------------------------------

static void keep_one(int fd)
{
    say(fd,
        "POST /keep HTTP/1.1\r\n" LOCAL TYPE("application/json") BODY("9\r\n\r\n{\"a\":\"b\"}"));
    for (int i = 0; i < 100 && it.kept == NULL; i++)
        turn();
    assert_non_null(it.kept);
}

static void a_caller_that_closed_its_side_has_its_answer(void **state)
{
    (void)state;
    bool closed;
    int fd = connect_client();
    keep_one(fd);
    assert_int_equal(shutdown(fd, SHUT_WR), 0);
    for (int i = 0; i < 100 && it.gone == 0; i++)
        turn();
    request_answer_json(it.kept, 200, STR("{\"late\":1}"));
    assert_non_null(strstr(hear(fd, "late", &closed), "{\"late\":1}"));
    close(fd);
}

static void a_caller_may_leave_before_the_answer(void **state)
{
    (void)state;
    int fd = connect_client();
    keep_one(fd);
    close(fd);
    for (int i = 0; i < 100 && it.gone == 0; i++)
        turn();
    assert_int_equal(it.gone, 1);
    assert_true(
        str_equal(it.kept->body->members[0].value.text, STR("b"))); // its body is still there
    request_answer_empty(it.kept);
    for (int i = 0; i < 100 && http_server_counts(it.server).connections > 0; i++)
        turn();
    assert_int_equal(http_server_counts(it.server).open_requests, 0);
}

static void on_drained(void *context)
{
    (void)context;
    it.drained = true;
}

static void a_drain_waits_for_answers(void **state)
{
    (void)state;
    bool closed;
    int fd = connect_client();
    keep_one(fd);
    http_server_drain(it.server, on_drained, NULL);
    turn();
    assert_false(it.drained);
    request_answer_json(it.kept, 200, STR("{\"late\":1}"));
    const char *answer = hear(fd, "late", &closed);
    assert_non_null(strstr(answer, "Connection: close"));
    turn();
    assert_true(it.drained);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(requests_are_answered),
        TEST(other_methods_are_answered),
        TEST(bodies_of_other_types_are_refused),
        TEST(other_machines_are_refused_without_a_key),
        TEST(paths_and_bodies_without_nul),
        TEST(what_the_guard_objects_to_is_answered_at_once),
        TEST(idle_connections_make_room),
        TEST(a_request_that_trickles_is_cut_off),
        TEST(bytes_in_flight_are_limited),
        TEST(bytes_that_were_only_announced_cost_nothing),
        TEST(answers_that_nobody_takes_shut_out_no_small_request),
        TEST(requests_that_wait_leave_connections_to_others),
        TEST(health_is_answered_while_all_others_are_worked_on),
        TEST(who_comes_while_all_others_are_busy_is_heard),
        TEST(large_bodies_arrive_whole),
        TEST(a_caller_that_closed_its_side_has_its_answer),
        TEST(a_caller_may_leave_before_the_answer),
        TEST(a_drain_waits_for_answers),
#undef TEST
    };
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
