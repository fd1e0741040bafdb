// SPDX-License-Identifier: Apache-2.0
#include "cli/child.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"

enum { POLL_US = 20000 };

static void become(const struct child_spec *spec)
{
    if (!spec->is_other)
        return;
    if (setgroups(0, NULL) != 0 || setgid(spec->group) != 0 || setuid(spec->user) != 0)
        _exit(126);
}

static void redirect(const char *log)
{
    int fd = log ? open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644) : -1;
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (null >= 0)
        dup2(null, STDIN_FILENO);
    if (fd >= 0) {
        dup2(fd, STDOUT_FILENO);
        dup2(fd, STDERR_FILENO);
    }
}

// In the child: no Ctrl-C of the terminal reaches it, the parent stops it in order.
NORETURN static void exec_child(const struct child_spec *spec, pid_t parent)
{
    setpgid(0, 0);
    redirect(spec->log);
    become(spec);
    prctl(PR_SET_PDEATHSIG, SIGTERM); // after the change of user, which clears it
    if (getppid() != parent)
        _exit(0);
    signal(SIGPIPE, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (chdir("/") != 0)
        _exit(126);
    execvp(spec->arguments[0], (char *const *)(uintptr_t)spec->arguments);
    _exit(127);
}

bool child_start(const struct child_spec *spec, pid_t *ret_pid, struct error *err)
{
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid < 0)
        return error_set(err, ERROR_IO, spec->name, "cannot be started: %s", strerror(errno));
    if (pid == 0)
        exec_child(spec, parent);
    *ret_pid = pid;
    return true;
}

bool child_run(const struct child_spec *spec, struct error *err)
{
    pid_t pid;
    int status;
    if (!child_start(spec, &pid, err))
        return false;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return error_set(err, ERROR_IO, spec->name, "was lost: %s", strerror(errno));
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return true;
    return error_set(err, ERROR_IO, spec->name, "failed (%s %d): see %s",
                     WIFEXITED(status) ? "exit code" : "signal",
                     WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status),
                     spec->log ? spec->log : "above");
}

bool child_has_ended(pid_t pid)
{
    return waitpid(pid, NULL, WNOHANG) != 0;
}

void child_stop(pid_t pid, int signal, int timeout_ms)
{
    int64_t end_ns = clock_monotonic_ns() + (int64_t)timeout_ms * 1000000;
    if (pid == 0 || kill(pid, signal) != 0)
        return;
    while (!child_has_ended(pid)) {
        if (clock_monotonic_ns() > end_ns) {
            kill(pid, SIGKILL);
            waitpid(pid, NULL, 0);
            return;
        }
        usleep(POLL_US);
    }
}

const char *child_beside(struct arena *arena, const char *name)
{
    char own[PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", own, sizeof own - 1);
    if (len <= 0)
        return name;
    str path = str_from(own, (size_t)len);
    while (path.len > 0 && path.data[path.len - 1] != '/')
        path.len--;
    const char *beside = str_cstr(arena, str_format(arena, "%.*s%s", STR_ARG(path), name));
    return access(beside, X_OK) == 0 ? beside : name;
}
