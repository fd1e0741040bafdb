// SPDX-License-Identifier: Apache-2.0
//
// Values and results as the DMN TCK writes them (testCases.xsd).
#ifndef BATON_CLI_TCK_H
#define BATON_CLI_TCK_H

#include "base/array.h"
#include "base/xml.h"
#include "feel/feel.h"

// The value of an inputNode, expected, component or item element.
feel_value tck_value(struct arena *arena, const struct xml_element *element,
                     const struct zone_db *zones);

// Does the result agree with what was expected? Numbers to 8 significant digits beyond the point,
// as the TCK's own runners compare.
bool tck_matches(struct arena *arena, feel_value expected, feel_value actual);

#endif
