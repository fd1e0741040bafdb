// SPDX-License-Identifier: Apache-2.0
#include "loop/helper.h"

#include <event2/event.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { HELPER_NICE = 5 };

// An errand is on one list: asked (loop to threads), or done (threads to loop).
struct errand {
    struct errand *next;
    helper_work *work;
    helper_done *done;
    void *task;
};

struct errands {
    struct errand *first;
    struct errand **end;
};

struct helper {
    pthread_t threads[HELPER_MAX_THREADS];
    size_t thread_count;
    size_t most_waiting;
    pthread_mutex_t lock; // of all below
    pthread_cond_t wake;
    struct errands asked;
    struct errands done;
    size_t asked_count;
    bool ends;
    int done_fd;
    struct event *readable;
};

static void errands_init(struct errands *errands)
{
    errands->first = NULL;
    errands->end = &errands->first;
}

static void errands_add(struct errands *errands, struct errand *errand)
{
    errand->next = NULL;
    *errands->end = errand;
    errands->end = &errand->next;
}

static struct errand *errands_take(struct errands *errands)
{
    struct errand *first = errands->first;
    if (first == NULL)
        return NULL;
    errands->first = first->next;
    if (errands->first == NULL)
        errands->end = &errands->first;
    return first;
}

// -- On a thread ------------------------------------------------------------------------

static void *run_errands(void *context)
{
    struct helper *helper = context;
    const uint64_t one = 1;
    (void)setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), HELPER_NICE);
    pthread_mutex_lock(&helper->lock);
    while (!helper->ends) {
        struct errand *errand = errands_take(&helper->asked);
        if (errand == NULL) {
            pthread_cond_wait(&helper->wake, &helper->lock);
            continue;
        }
        helper->asked_count--;
        pthread_mutex_unlock(&helper->lock);
        errand->work(errand->task);
        pthread_mutex_lock(&helper->lock);
        errands_add(&helper->done, errand);
        check(write(helper->done_fd, &one, sizeof one) == sizeof one);
    }
    pthread_mutex_unlock(&helper->lock);
    return NULL;
}

// -- On the loop ------------------------------------------------------------------------

static void give_back(struct errand *errand, bool was_run)
{
    struct errand own = *errand;
    free(errand);
    own.done(own.task, was_run);
}

static void on_done(evutil_socket_t fd, short events, void *context)
{
    (void)events;
    struct helper *helper = context;
    uint64_t count;
    if (read((int)fd, &count, sizeof count) != sizeof count)
        return;
    pthread_mutex_lock(&helper->lock);
    struct errand *errand = helper->done.first;
    errands_init(&helper->done);
    pthread_mutex_unlock(&helper->lock);
    while (errand != NULL) {
        struct errand *next = errand->next;
        give_back(errand, true);
        errand = next;
    }
}

bool helper_run(struct helper *helper, helper_work *work, helper_done *done, void *task)
{
    pthread_mutex_lock(&helper->lock);
    bool has_room = helper->asked_count < helper->most_waiting;
    if (has_room) {
        struct errand *errand = malloc(sizeof *errand);
        check(errand != NULL);
        *errand = (struct errand){.work = work, .done = done, .task = task};
        errands_add(&helper->asked, errand);
        helper->asked_count++;
        pthread_cond_signal(&helper->wake);
    }
    pthread_mutex_unlock(&helper->lock);
    return has_room;
}

// Signals are the main thread's.
static void start_threads(struct helper *helper)
{
    sigset_t all, before;
    sigfillset(&all);
    check(pthread_sigmask(SIG_SETMASK, &all, &before) == 0);
    for (size_t i = 0; i < helper->thread_count; i++)
        check(pthread_create(&helper->threads[i], NULL, run_errands, helper) == 0);
    check(pthread_sigmask(SIG_SETMASK, &before, NULL) == 0);
}

struct helper *helper_new(struct event_base *loop, size_t threads, size_t most_waiting)
{
    struct helper *helper = calloc(1, sizeof *helper);
    check(helper != NULL);
    check(threads > 0 && threads <= HELPER_MAX_THREADS);
    helper->thread_count = threads;
    helper->most_waiting = most_waiting;
    errands_init(&helper->asked);
    errands_init(&helper->done);
    helper->done_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    check(helper->done_fd >= 0);
    helper->readable = event_new(loop, helper->done_fd, EV_READ | EV_PERSIST, on_done, helper);
    check(helper->readable != NULL && event_add(helper->readable, NULL) == 0);
    check(pthread_mutex_init(&helper->lock, NULL) == 0);
    check(pthread_cond_init(&helper->wake, NULL) == 0);
    start_threads(helper);
    return helper;
}

void helper_free(struct helper *helper)
{
    if (helper == NULL)
        return;
    struct errand *errand;
    pthread_mutex_lock(&helper->lock);
    helper->ends = true;
    pthread_cond_broadcast(&helper->wake);
    pthread_mutex_unlock(&helper->lock);
    for (size_t i = 0; i < helper->thread_count; i++)
        pthread_join(helper->threads[i], NULL);
    event_free(helper->readable);
    close(helper->done_fd);
    while ((errand = errands_take(&helper->done)) != NULL)
        give_back(errand, true);
    while ((errand = errands_take(&helper->asked)) != NULL)
        give_back(errand, false);
    pthread_mutex_destroy(&helper->lock);
    pthread_cond_destroy(&helper->wake);
    free(helper);
}
