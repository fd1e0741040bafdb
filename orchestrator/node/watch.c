// SPDX-License-Identifier: Apache-2.0
#include "node/watch.h"

#include "base/clock.h"
#include "base/log.h"
#include "store/store.h"

#include <event2/event.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

enum { LOOK_MS = 100, NS_PER_MS = 1000000, MS_PER_SECOND = 1000 };

struct watch {
    char *url;
    watch_signal *signal;
    void *context;
    struct event *readable;
    int signal_fd;
    pthread_t thread;
    clockid_t loop_clock; // processor's time of the loop's thread
    atomic_bool ends;
    // The step that runs, written by the loop. An even turn: none runs.
    atomic_uint_fast64_t turn;
    atomic_uint_fast32_t shard;
    atomic_uint_fast64_t epoch;
    atomic_int_fast64_t offset;
    atomic_bool is_noted;
};

struct sight { // what the thread saw of a step
    uint64_t turn;
    int64_t began_ms; // by the loop's clock
    bool is_noted;
};

static void signals_to_end(sigset_t *ret_set)
{
    sigemptyset(ret_set);
    sigaddset(ret_set, SIGTERM);
    sigaddset(ret_set, SIGINT);
}

void watch_block_signals(void)
{
    sigset_t set;
    signals_to_end(&set);
    check(pthread_sigmask(SIG_BLOCK, &set, NULL) == 0);
}

static int wait_for_signal(int milliseconds)
{
    const struct timespec limit = {.tv_sec = milliseconds / MS_PER_SECOND,
                                   .tv_nsec = milliseconds % MS_PER_SECOND * (long)NS_PER_MS};
    sigset_t set;
    signals_to_end(&set);
    int number = sigtimedwait(&set, NULL, &limit);
    return number > 0 ? number : 0;
}

bool watch_wait(int milliseconds)
{
    return wait_for_signal(milliseconds) != 0;
}

// -- On the loop ------------------------------------------------------------------------

void watch_begin(struct watch *watch, const struct watch_step *step)
{
    if (watch == NULL)
        return;
    atomic_store_explicit(&watch->shard, step->shard, memory_order_relaxed);
    atomic_store_explicit(&watch->epoch, step->epoch, memory_order_relaxed);
    atomic_store_explicit(&watch->offset, step->offset, memory_order_relaxed);
    atomic_store_explicit(&watch->is_noted, step->is_noted, memory_order_relaxed);
    atomic_fetch_add_explicit(&watch->turn, 1, memory_order_release);
}

void watch_end(struct watch *watch)
{
    if (watch != NULL)
        atomic_fetch_add_explicit(&watch->turn, 1, memory_order_release);
}

static void on_signal(evutil_socket_t fd, short what, void *context)
{
    (void)what;
    struct watch *watch = context;
    uint64_t number;
    if (read(fd, &number, sizeof number) == sizeof number)
        watch->signal(watch->context, (int)number);
}

// -- On the thread ----------------------------------------------------------------------

static int64_t loop_ms(const struct watch *watch)
{
    struct timespec now = {0};
    clock_gettime(watch->loop_clock, &now);
    return (int64_t)now.tv_sec * MS_PER_SECOND + now.tv_nsec / NS_PER_MS;
}

static void note(struct watch *watch, uint64_t turn)
{
    uint32_t shard = (uint32_t)atomic_load(&watch->shard);
    uint64_t epoch = atomic_load(&watch->epoch);
    int64_t offset = atomic_load(&watch->offset);
    struct error err;
    if (atomic_load(&watch->turn) != turn)
        return; // another one by now
    log_warning("node", "shard %u: the record at offset %lld takes long; it is noted", shard,
                (long long)offset);
    if (!store_note_slow(watch->url, shard, epoch, offset, &err))
        log_failure("node", &err);
}

static void look(struct watch *watch, struct sight *sight)
{
    uint64_t turn = atomic_load_explicit(&watch->turn, memory_order_acquire);
    if (turn != sight->turn) {
        *sight = (struct sight){
            .turn = turn, .began_ms = loop_ms(watch), .is_noted = atomic_load(&watch->is_noted)};
        return;
    }
    int64_t spent_ms = loop_ms(watch) - sight->began_ms;
    if (turn % 2 == 0 || spent_ms < WATCH_NOTE_MS)
        return;
    if (!sight->is_noted)
        note(watch, turn);
    sight->is_noted = true;
    if (spent_ms < WATCH_MOST_MS)
        return;
    log_error("node",
              "ALARM: shard %u: the record at offset %lld has taken %lld s: ending, so that it is "
              "tried with care, and set aside after three tries",
              (unsigned)atomic_load(&watch->shard), (long long)atomic_load(&watch->offset),
              (long long)(spent_ms / MS_PER_SECOND));
    _exit(EXIT_FAILURE);
}

static void take_signal(struct watch *watch, int number, int64_t *since_ns)
{
    if (*since_ns > 0) {
        log_warning("node", "signal %d again: ending at once", number);
        _exit(EXIT_FAILURE);
    }
    const uint64_t value = (uint64_t)number;
    *since_ns = clock_monotonic_ns();
    check(write(watch->signal_fd, &value, sizeof value) == sizeof value);
}

static void *run(void *context)
{
    struct watch *watch = context;
    struct sight sight = {0};
    int64_t ending_since_ns = 0;
    while (!atomic_load(&watch->ends)) {
        int number = wait_for_signal(LOOK_MS);
        if (number != 0)
            take_signal(watch, number, &ending_since_ns);
        if (ending_since_ns > 0 &&
            clock_monotonic_ns() - ending_since_ns > WATCH_END_MS * (int64_t)NS_PER_MS) {
            log_error("node", "not everything ended within %d seconds: ending all the same",
                      WATCH_END_MS / MS_PER_SECOND);
            _exit(EXIT_FAILURE);
        }
        look(watch, &sight);
    }
    return NULL;
}

// -- Life -------------------------------------------------------------------------------

struct watch *watch_new(const char *url, struct event_base *loop, watch_signal *signal,
                        void *context, struct error *err)
{
    struct watch *watch = calloc(1, sizeof *watch);
    check(watch != NULL);
    watch->url = strdup(url);
    check(watch->url != NULL);
    watch->signal = signal;
    watch->context = context;
    watch->signal_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (watch->signal_fd < 0 || pthread_getcpuclockid(pthread_self(), &watch->loop_clock) != 0 ||
        pthread_create(&watch->thread, NULL, run, watch) != 0) {
        (void)error_set(err, ERROR_IO, "watch", "no thread or file descriptor for it");
        if (watch->signal_fd >= 0)
            close(watch->signal_fd);
        free(watch->url);
        free(watch);
        return NULL;
    }
    watch->readable = event_new(loop, watch->signal_fd, EV_READ | EV_PERSIST, on_signal, watch);
    event_add(watch->readable, NULL);
    return watch;
}

void watch_free(struct watch *watch)
{
    if (watch == NULL)
        return;
    atomic_store(&watch->ends, true);
    pthread_join(watch->thread, NULL);
    event_free(watch->readable);
    close(watch->signal_fd);
    free(watch->url);
    free(watch);
}
