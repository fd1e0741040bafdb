// SPDX-License-Identifier: Apache-2.0
//
// `baton completion`: scripts that make shells complete words, and what those ask for them.
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/entries.h"
#include "cli/options.h"

static const char bash_script[] =
    "# Makes bash complete the words of baton: source <(baton completion bash)\n"
    "_baton() {\n"
    "    local word about\n"
    "    COMPREPLY=()\n"
    "    while IFS=$'\\t' read -r word about; do\n"
    "        [[ $word == \"${COMP_WORDS[COMP_CWORD]}\"* ]] && COMPREPLY+=(\"$word\")\n"
    "    done < <(\"$1\" completion words -- \"${COMP_WORDS[@]:1:COMP_CWORD-1}\" 2>/dev/null)\n"
    "}\n"
    "complete -o default -o bashdefault -F _baton baton\n";

static const char zsh_script[] =
    "#compdef baton\n"
    "# Makes zsh complete the words of baton: source <(baton completion zsh), after compinit.\n"
    "_baton() {\n"
    "    local -a found\n"
    "    local word about\n"
    "    while IFS=$'\\t' read -r word about; do\n"
    "        found+=(\"${word//:/\\\\:}:$about\")\n"
    "    done < <(\"$words[1]\" completion words -- \"${(@)words[2,CURRENT-1]}\" 2>/dev/null)\n"
    "    if (( $#found )); then _describe baton found; else _files; fi\n"
    "}\n"
    "compdef _baton baton\n";

static const char fish_script[] =
    "# Makes fish complete the words of baton: baton completion fish | source\n"
    "function __baton_words\n"
    "    set -l words (commandline -opc)\n"
    "    $words[1] completion words -- $words[2..-1] 2>/dev/null\n"
    "end\n"
    "complete -c baton -a '(__baton_words)'\n";

int command_completion(int argc, char **argv)
{
    const struct cli_usage usage = {
        "baton completion bash|zsh|fish",
        "Prints a script that makes a shell complete baton's commands and options.",
        "source <(baton completion bash)      # in ~/.bashrc, that it stays\n"
        "  source <(baton completion zsh)       # in ~/.zshrc, after compinit\n"
        "  baton completion fish | source       # in ~/.config/fish/config.fish",
        .arguments_min = 1,
        .arguments_max = 1,
        .choices = "bash|zsh|fish"};
    struct cli_arguments arguments;
    int code;
    if (!cli_parse(&usage, argc, argv, &arguments, &code))
        return code;
    const char *shell = arguments.items[0];
    printf("%s", strcmp(shell, "bash") == 0  ? bash_script
                 : strcmp(shell, "zsh") == 0 ? zsh_script
                                             : fish_script);
    return EXIT_OK;
}

// The word of a name that comes after the first `count`, which are to be the given ones. False: it
// has none, or begins otherwise.
static bool next_word(str name, int count, char **words, str *ret_word, bool *ret_last)
{
    str word;
    for (int i = 0; i < count; i++)
        if (!str_split(&name, ' ', &word) || !str_equal(word, str_of(words[i])))
            return false;
    *ret_last = str_find_char(name, ' ') == SIZE_MAX;
    return str_split(&name, ' ', ret_word);
}

// Commands of two words with the same first one stand as that word, once.
static bool is_new(size_t n, int count, char **words, str word)
{
    struct cli_entry entry;
    str earlier;
    bool is_last;
    for (size_t i = 0; i < n && cli_entry_at(i, &entry); i++)
        if (next_word(str_of(entry.name), count, words, &earlier, &is_last) &&
            str_equal(earlier, word))
            return false;
    return true;
}

static void print_next_words(int count, char **words)
{
    struct cli_entry entry;
    str word;
    bool is_last;
    for (size_t i = 0; cli_entry_at(i, &entry); i++)
        if (next_word(str_of(entry.name), count, words, &word, &is_last) &&
            is_new(i, count, words, word))
            printf("%.*s\t%s\n", STR_ARG(word), is_last ? entry.summary : "");
}

int command_completion_words(int argc, char **argv)
{
    static char help_word[] = "--help";
    char *help[] = {help_word, NULL};
    size_t n;
    int taken;
    if (argc == 0 || strcmp(argv[0], "--") != 0) {
        const struct cli_usage usage = {
            "baton completion words -- [WORD…]",
            "Prints what can come after these words of a command line, with what it is: what the "
            "shells'\nscripts ask for.",
            "baton completion words -- audit", .arguments_max = 0};
        struct cli_arguments arguments;
        int code;
        if (!cli_parse(&usage, argc, argv, &arguments, &code))
            return code;
    }
    if (argc > 0) { // "--"
        argc--;
        argv++;
    }
    print_next_words(argc, argv);
    if (!cli_entry_find(argc, argv, &n, &taken))
        return EXIT_OK;
    cli_list_words(argc > taken ? str_of(argv[argc - 1]) : STR_EMPTY);
    return cli_entry_run(n, 1, help);
}
