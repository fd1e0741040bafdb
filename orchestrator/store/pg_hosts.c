// SPDX-License-Identifier: Apache-2.0
#include "store/pg_hosts.h"

#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>

static char *copy(const char *text)
{
    if (text == NULL || text[0] == '\0')
        return NULL;
    char *copied = strdup(text);
    check(copied != NULL);
    return copied;
}

static size_t count_items(const char *list)
{
    size_t count = list != NULL;
    for (; list != NULL && *list != '\0'; list++)
        count += *list == ',';
    return count;
}

struct pg_hosts pg_hosts_new(const char *url)
{
    struct pg_hosts hosts = {0};
    PQconninfoOption *options = PQconninfoParse(url, NULL);
    for (PQconninfoOption *option = options; option != NULL && option->keyword != NULL; option++) {
        if (strcmp(option->keyword, "host") == 0)
            hosts.host = copy(option->val);
        else if (strcmp(option->keyword, "hostaddr") == 0)
            hosts.hostaddr = copy(option->val);
        else if (strcmp(option->keyword, "port") == 0)
            hosts.port = copy(option->val);
    }
    PQconninfoFree(options);
    hosts.count = count_items(hosts.hostaddr != NULL ? hosts.hostaddr : hosts.host);
    return hosts;
}

void pg_hosts_done(struct pg_hosts *hosts)
{
    free(hosts->host);
    free(hosts->hostaddr);
    free(hosts->port);
    *hosts = (struct pg_hosts){0};
}

// "a,b,c" becomes "b,c,a".
static void rotate(char *list)
{
    char *comma = list != NULL ? strchr(list, ',') : NULL;
    if (comma == NULL)
        return;
    size_t first = (size_t)(comma - list), rest = strlen(comma + 1);
    char *held = strndup(list, first);
    check(held != NULL);
    memmove(list, comma + 1, rest);
    list[rest] = ',';
    memcpy(list + rest + 1, held, first);
    free(held);
}

void pg_hosts_next(struct pg_hosts *hosts)
{
    rotate(hosts->host);
    rotate(hosts->hostaddr);
    rotate(hosts->port);
}
