// SPDX-License-Identifier: Apache-2.0
//
// What a command is: a function that gets the words after its name and returns the exit code.
#ifndef BATON_CLI_COMMAND_H
#define BATON_CLI_COMMAND_H

enum exit_code { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

#define COMMAND(name, function, summary) int function(int argc, char **argv);
#include "cli/commands.def"
#undef COMMAND

#endif
