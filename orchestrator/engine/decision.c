// SPDX-License-Identifier: Apache-2.0
// Business rule tasks: the decision is looked up among what is deployed and evaluated in the same
// step.
#include "engine/step.h"

void decision_run(struct engine *engine, instance_ref instance, element_ref ei)
{
    const struct bpmn_call *call = element_of(instance, ei)->call;
    str id, why;
    if (call->id == NULL || !expression_text(engine, ei, call->id, &id, &why)) {
        incident_raise(engine, instance, ei, "EXTRACT_VALUE_ERROR",
                       call->id ? why : STR("nothing says which decision"));
        return;
    }
    incident_raise(engine, instance, ei, "CALLED_DECISION_ERROR",
                   str_format(engine->turn, "no decision '%.*s' is deployed", STR_ARG(id)));
}
