// SPDX-License-Identifier: Apache-2.0
#include "cli/options.h"

#include <stdio.h>
#include <string.h>

#include "cli/command.h"

#include "cli/guess.h"

enum { LEFT_COLUMNS = 26 };

// -- For shells -------------------------------------------------------------------------

static bool lists_words;
static str listed_after;

void cli_list_words(str last)
{
    lists_words = true;
    listed_after = last;
}

static void print_choices(const char *choices)
{
    str rest = str_of(choices), choice;
    while (str_split(&rest, '|', &choice))
        printf("%.*s\t\n", STR_ARG(choice));
}

static const struct cli_option *find_option(const struct cli_usage *usage, str name)
{
    for (size_t i = 0; i < usage->option_count; i++)
        if (str_equal(str_of(usage->options[i].name), name))
            return &usage->options[i];
    return NULL;
}

static bool has_choices(const struct cli_option *option)
{
    return option->text != NULL && strchr(option->value, '|') != NULL;
}

bool cli_print_words(const struct cli_usage *usage)
{
    if (!lists_words)
        return false;
    const struct cli_option *last = str_starts_with(listed_after, STR("--"))
                                        ? find_option(usage, str_from_index(listed_after, 2))
                                        : NULL;
    if (last != NULL && last->text != NULL) {
        if (has_choices(last))
            print_choices(last->value);
        return true;
    }
    if (usage->choices != NULL && str_is_empty(listed_after))
        print_choices(usage->choices);
    for (size_t i = 0; i < usage->option_count; i++)
        printf("--%s\t%s\n", usage->options[i].name, usage->options[i].help);
    return true;
}

// -- For people -------------------------------------------------------------------------

static void print_help(const struct cli_usage *usage)
{
    if (cli_print_words(usage))
        return;
    printf("%s\n\n%s\n\nOptions:\n", usage->synopsis, usage->summary);
    for (size_t i = 0; i < usage->option_count; i++) {
        const struct cli_option *o = &usage->options[i];
        char left[64];
        snprintf(left, sizeof left, "--%s%s%s", o->name, o->value ? " " : "",
                 o->value ? o->value : "");
        int unseen = 0; // bytes that take no column
        for (const char *c = left; *c != '\0'; c++)
            unseen += ((unsigned char)*c & 0xC0) == 0x80;
        printf("  %-*s %s\n", LEFT_COLUMNS + unseen, left, o->help);
    }
    printf("  %-*s %s\n\nExample:\n  %s\n", LEFT_COLUMNS, "--help", "this text", usage->example);
}

static bool is_help(const char *word)
{
    return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

static bool refuse(const struct cli_usage *usage, const char *what, const char *word, int *ret_exit)
{
    fprintf(stderr, "baton: %s%s\nusage: %s\n", what, word, usage->synopsis);
    *ret_exit = EXIT_USAGE;
    return false;
}

static bool refuse_unknown(const struct cli_usage *usage, const char *word, str name, int *ret_exit)
{
    struct guess guess = guess_new(name);
    guess_offer(&guess, STR("help"));
    for (size_t i = 0; i < usage->option_count; i++)
        guess_offer(&guess, str_of(usage->options[i].name));
    if (guess.best.len == 0)
        return refuse(usage, "unknown option ", word, ret_exit);
    fprintf(stderr, "baton: unknown option %s; did you mean --%.*s?\nusage: %s\n", word,
            STR_ARG(guess.best), usage->synopsis);
    *ret_exit = EXIT_USAGE;
    return false;
}

// Whether a text of choices, "a|b|c", has this one.
static bool is_one_of(const char *choices, str word)
{
    str rest = str_of(choices), choice;
    while (str_split(&rest, '|', &choice))
        if (str_equal(choice, word))
            return true;
    return false;
}

static bool is_allowed(const struct cli_option *option)
{
    return !has_choices(option) || is_one_of(option->value, *option->text);
}

static bool refuse_choice(const struct cli_usage *usage, const char *word, int *ret_exit)
{
    str rest = str_of(usage->choices), choice;
    struct guess guess = guess_new(str_of(word));
    while (str_split(&rest, '|', &choice))
        guess_offer(&guess, choice);
    fprintf(stderr, "baton: '%s' is none of %s", word, usage->choices);
    if (guess.best.len > 0)
        fprintf(stderr, "; did you mean %.*s?", STR_ARG(guess.best));
    fprintf(stderr, "\nusage: %s\n", usage->synopsis);
    *ret_exit = EXIT_USAGE;
    return false;
}

// Takes the option at argv[*at], and its value from the next word when it is not behind a '='.
static bool take_option(const struct cli_usage *usage, int argc, char **argv, int *at,
                        int *ret_exit)
{
    str word = str_of(argv[*at] + 2);
    size_t equals = str_find_char(word, '=');
    str name = equals == SIZE_MAX ? word : str_sub(word, 0, equals);
    const struct cli_option *option = find_option(usage, name);
    if (!option)
        return refuse_unknown(usage, argv[*at], name, ret_exit);
    if (option->flag) {
        *option->flag = true;
        return equals == SIZE_MAX || refuse(usage, "takes no value: ", argv[*at], ret_exit);
    }
    if (equals == SIZE_MAX && *at + 1 == argc)
        return refuse(usage, "a value is missing after ", argv[*at], ret_exit);
    *option->text = equals == SIZE_MAX ? str_of(argv[++*at]) : str_from_index(word, equals + 1);
    if (is_allowed(option))
        return true;
    fprintf(stderr, "baton: --%s '%.*s' is not allowed: expected %s\nusage: %s\n", option->name,
            STR_ARG(*option->text), option->value, usage->synopsis);
    *ret_exit = EXIT_USAGE;
    return false;
}

bool cli_parse(const struct cli_usage *usage, int argc, char **argv,
               struct cli_arguments *ret_arguments, int *ret_exit)
{
    size_t count = 0;
    bool only_arguments = false;
    for (int i = 0; i < argc; i++) {
        if (!only_arguments && is_help(argv[i])) {
            print_help(usage);
            *ret_exit = EXIT_OK;
            return false;
        }
        if (only_arguments || strncmp(argv[i], "--", 2) != 0) {
            argv[count++] = argv[i];
        } else if (argv[i][2] == 0) {
            only_arguments = true;
        } else if (!take_option(usage, argc, argv, &i, ret_exit)) {
            return false;
        }
    }
    if (count < usage->arguments_min)
        return refuse(usage, "an argument is missing", "", ret_exit);
    if (count > usage->arguments_max)
        return refuse(usage, "too many arguments, beginning with ", argv[usage->arguments_max],
                      ret_exit);
    if (usage->choices != NULL && count > 0 && !is_one_of(usage->choices, str_of(argv[0])))
        return refuse_choice(usage, argv[0], ret_exit);
    *ret_arguments = (struct cli_arguments){argv, count};
    return true;
}

bool cli_take_output(int *argc, char **argv, bool *ret_as_json)
{
    str format = STR("table"), prefix = STR("--output=");
    int kept = 0;
    for (int i = 0; i < *argc; i++) {
        str word = str_of(argv[i]);
        if (str_starts_with(word, prefix))
            format = str_from_index(word, prefix.len);
        else if (str_equal(word, STR("--output")) && i + 1 < *argc)
            format = str_of(argv[++i]);
        else
            argv[kept++] = argv[i];
    }
    *argc = kept;
    *ret_as_json = str_equal(format, STR("json"));
    if (*ret_as_json || str_equal(format, STR("table")))
        return true;
    fprintf(stderr, "baton: --output: '%.*s' is not allowed: expected table or json\n",
            STR_ARG(format));
    return false;
}
