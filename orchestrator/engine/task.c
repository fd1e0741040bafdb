// SPDX-License-Identifier: Apache-2.0
// What each kind of task does once it is active.
#include "engine/step.h"

static void run_script(struct engine *engine, instance_ref instance, element_ref ei)
{
    const struct bpmn_call *call = element_of(instance, ei)->call;
    struct computed computed;
    str why;
    if (call->script == NULL || !expression_value(engine, ei, call->script, &computed, &why)) {
        incident_raise(engine, instance, ei, "EXTRACT_VALUE_ERROR",
                       call->script ? why : STR("the script is empty"));
        return;
    }
    if (!variable_result(engine, instance, ei, (struct result){call->result_variable, computed},
                         &why)) {
        incident_raise(engine, instance, ei, "EXTRACT_VALUE_ERROR", why);
        return;
    }
    activity_complete(engine, instance, ei);
}

static void run_send(struct engine *engine, instance_ref instance, element_ref ei)
{
    const struct bpmn_element *element = element_of(instance, ei);
    str why;
    if (message_throw(engine, instance, ei, element->triggers, &why))
        activity_complete(engine, instance, ei);
    else
        incident_raise(engine, instance, ei, "EXTRACT_VALUE_ERROR", why);
}

void task_run(struct engine *engine, instance_ref instance, element_ref ei)
{
    const struct bpmn_element *element = element_of(instance, ei);
    if (element->job != NULL && element->call == NULL) {
        step_or_incident(job_create(engine, instance, ei, element->job, JOB_TASK));
        return;
    }
    switch ((int)element->type) {
    case BPMN_RECEIVE_TASK:
        return; // waits for its message
    case BPMN_USER_TASK:
        user_task_run(engine, instance, ei);
        return;
    case BPMN_CALL_ACTIVITY:
        call_run(engine, instance, ei);
        return;
    case BPMN_BUSINESS_RULE_TASK:
        if (element->call != NULL) {
            decision_run(engine, instance, ei);
            return;
        }
        break;
    case BPMN_SCRIPT_TASK:
        if (element->call != NULL) {
            run_script(engine, instance, ei);
            return;
        }
        break;
    default:
        break;
    }
    if (element->type == BPMN_SEND_TASK && element->trigger_count > 0)
        run_send(engine, instance, ei);
    else
        activity_complete(engine, instance, ei);
}
