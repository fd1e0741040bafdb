// SPDX-License-Identifier: Apache-2.0
// Models and what is wrong with them, as text: the elements of a process, then "element CODE" for
// each problem that is no note.
#include "bpmn/bpmn.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <time.h>

#define S "<startEvent id='s'/>"
#define E "<endEvent id='e'/>"
#define F(a, b) "<sequenceFlow id='" a b "' sourceRef='" a "' targetRef='" b "'/>"
#define WHEN(a, b)                                                                                 \
    "<sequenceFlow id='" a b "' sourceRef='" a "' targetRef='" b                                   \
    "'><conditionExpression>=x</conditionExpression></sequenceFlow>"

static const struct {
    const char *body;
    const char *problems;
} cases[] = {
    {S E F("s", "e"), ""},
    {S E F("s", "e") F("e", "s"),
     "s START_EVENT_INCOMING, e END_EVENT_OUTGOING, s CANNOT_END, e CANNOT_END, "},
    {S E "<sequenceFlow id='f' sourceRef='s' targetRef='nobody'/>" F("s", "e"),
     "f FLOW_TARGET_REQUIRED, "},
    {S "<task id='s'/>" E F("s", "e"), "s DUPLICATE_ID, s NO_WAY_OUT, s UNREACHABLE, "},
    {S "<choreographyTask id='c'/>" E F("s", "e"), "c UNSUPPORTED_ELEMENT, "},
    {S "<exclusiveGateway id='g'/><endEvent id='a'/>" E F("s", "g") F("g", "a") WHEN("g", "e"),
     "ga GATEWAY_CONDITION_MISSING, "},
    {S "<exclusiveGateway id='g' default='ga'/><task id='a'/><task id='b'/><parallelGateway "
       "id='j'/>" E F("s", "g") F("g", "a") WHEN("g", "b") F("a", "j") F("b", "j") F("j", "e"),
     "j DEADLOCK, "},
    {S "<parallelGateway id='g'/><task id='a'/><task id='b'/><exclusiveGateway id='j'/>" E F(
         "s", "g") F("g", "a") F("g", "b") F("a", "j") F("b", "j") F("j", "e"),
     "j LACK_OF_SYNCHRONIZATION, "},
    {S "<task id='a'/><task id='b'/>" F("s", "a") F("a", "b") F("b", "a"),
     "p START_WITHOUT_END, s CANNOT_END, a CANNOT_END, b CANNOT_END, a ENDLESS_LOOP, "},
    {S "<task id='a'/><task id='lost'/>" E F("s", "a") F("a", "e") F("lost", "lost"),
     "lost UNREACHABLE, lost CANNOT_END, "},
    {S "<boundaryEvent id='b' "
       "attachedToRef='s'><timerEventDefinition><timeDuration>PT1H</timeDuration></"
       "timerEventDefinition></boundaryEvent>" E F("s", "e"),
     "b BOUNDARY_EVENT_HOST, "},
    {S "<intermediateCatchEvent "
       "id='c'><timerEventDefinition><timeDuration>soon</timeDuration></timerEventDefinition></"
       "intermediateCatchEvent>" E F("s", "c") F("c", "e"),
     "c TIMER_INVALID, "},
    {S
     "<intermediateThrowEvent id='t'><linkEventDefinition name='L'/></intermediateThrowEvent>" E F(
         "s", "t"),
     "t LINK_TARGET, e END_EVENT_NOT_WIRED, e UNREACHABLE, "},
    {S "<endEvent id='e'><cancelEventDefinition/></endEvent>" F("s", "e"),
     "e CANCEL_OUTSIDE_TRANSACTION, "},
    {S "<callActivity id='c'/>" E F("s", "c") F("c", "e"), "c CALLED_ELEMENT_MISSING, "},
    {S "<manualTask id='t'><extensionElements><baton:calendar ref='none'/><baton:sla "
       "value='PT1H'/></extensionElements></manualTask>" E F("s", "t") F("t", "e"),
     "t CALENDAR_UNKNOWN, "},
    {"<extensionElements><baton:calendar id='c' hours='Mo-Fr 9-17'/></extensionElements>" S E F(
         "s", "e"),
     "p CALENDAR_INVALID, "},
    {"<extensionElements><baton:calendar id='c' hours='Mo-We 09:00-17:00; Tu 16:00-18:00'/>"
     "</extensionElements>" S E F("s", "e"),
     "p CALENDAR_INVALID, "},
    {S "<manualTask id='t'><extensionElements><baton:reminder after='PT1H'/><baton:remind/>"
       "</extensionElements></manualTask>" E F("s", "t") F("t", "e"),
     "t EXTENSION_UNKNOWN, t EXTENSION_PLACE, "},
    {"<extensionElements><baton:personal subject='=c'/><baton:personal variable='a' "
     "subject='c'/><baton:personal variable='a' subject='=c('/><baton:personal variable='a' "
     "subject='=c'/></extensionElements>" S
     "<dataObject id='d' name='a'><extensionElements><baton:personal subject='=other'/>"
     "</extensionElements></dataObject><serviceTask id='t'><extensionElements>"
     "<zeebe:taskDefinition type='t'/><zeebe:ioMapping><zeebe:input source='=1' target='b.c'>"
     "<baton:personal subject='=c'/></zeebe:input></zeebe:ioMapping></extensionElements>"
     "</serviceTask>" E F("s", "t") F("t", "e"),
     "p PERSONAL_VARIABLE, p PERSONAL_SUBJECT, p EXPRESSION_INVALID, d PERSONAL_TWICE, "},
    {S "<userTask id='t'><extensionElements><baton:reminder after='PT1H' before='PT1H'/>"
       "<baton:escalation after='P1D'/></extensionElements></userTask>" E F("s", "t") F("t", "e"),
     "t EXPRESSION_MISSING, t EXPRESSION_MISSING, "},
    {S "<userTask id='t'><extensionElements><baton:separation of='e, nobody, s'/>"
       "</extensionElements></userTask>" E F("s", "t") F("t", "e"),
     "t SEPARATION_UNKNOWN, t SEPARATION_UNKNOWN, "},
    {S
     "<startEvent id='c'><timerEventDefinition><timeCycle>R/P1D</timeCycle>"
     "</timerEventDefinition></startEvent><startEvent id='b'><conditionalEventDefinition>"
     "<condition>=x</condition></conditionalEventDefinition></startEvent><subProcess id='x' "
     "triggeredByEvent='true'><startEvent id='watch'><conditionalEventDefinition><condition>=x"
     "</condition></conditionalEventDefinition></startEvent><endEvent id='o'/>" F(
         "watch", "o") "</subProcess><userTask id='t'><extensionElements>"
                       "<baton:separation of='s, c, b, watch'/></extensionElements></userTask>" E F(
                           "s", "t") F("c", "t") F("b", "t") F("t", "e"),
     "t SEPARATION_NOBODY, t SEPARATION_NOBODY, "},
    {S "<userTask id='t'><extensionElements><baton:separation/></extensionElements></userTask>"
       "<manualTask id='u'><extensionElements><baton:separation of='t'/></extensionElements>"
       "</manualTask>" E F("s", "t") F("t", "u") F("u", "e"),
     "u EXTENSION_PLACE, t SEPARATION_UNKNOWN, "},
    {S "<serviceTask id='t'/>" E F("s", "t") F("t", "e"), "t TASK_WITHOUT_DEFINITION, "},
    {S "<eventBasedGateway id='g'/><task id='a'/>" E F("s", "g") F("g", "a") F("g", "e"),
     "a NO_WAY_OUT, g EVENT_GATEWAY_TARGET, g EVENT_GATEWAY_TARGET, "},
    {S "<endEvent id='e'><eventDefinitionRef>none</eventDefinitionRef></endEvent>" F("s", "e"),
     "e REFERENCE_UNKNOWN, "},
    {S "<subProcess id='x' triggeredByEvent='true'><startEvent id='c' isInterrupting='false'>"
       "<compensateEventDefinition/></startEvent><endEvent id='d'/>" F(
           "c", "d") "</subProcess>" E F("s", "e"),
     "c BOUNDARY_EVENT_INTERRUPTS, "},
    {S "<serviceTask id='t'><extensionElements><zeebe:taskDefinition type='t'/><zeebe:ioMapping>"
       "<zeebe:input target='empty'/></zeebe:ioMapping></extensionElements></serviceTask>" E F(
           "s", "t") F("t", "e"),
     ""},
    {S "<serviceTask id='t'><extensionElements><zeebe:taskDefinition type='t' retry='3'/>"
       "<zeebe:formDefinition formId='f'/><zeebe:colour/></extensionElements></serviceTask>" E F(
           "s", "t") F("t", "e"),
     "t ZEEBE_UNKNOWN, t ZEEBE_PLACE, t ZEEBE_UNKNOWN, "},
    {S "<task id='a'><categoryValueRef>c</categoryValueRef></task><subProcess id='x'>"
       "<categoryValueRef>c</categoryValueRef><startEvent id='y'/><endEvent id='z'/>" F(
           "y", "z") "</subProcess>" E F("s", "a") F("a", "x") F("x", "e"),
     ""},
    {S "<task id='a'/><boundaryEvent id='b' attachedToRef='a'><compensateEventDefinition/>"
       "</boundaryEvent><manualTask id='h' isForCompensation='true'/><manualTask id='i' "
       "isForCompensation='true'/><association id='bh' sourceRef='b' targetRef='h'/>"
       "<association id='bi' sourceRef='b' targetRef='i'/>" E F("s", "a") F("a", "e"),
     "b COMPENSATION_HANDLERS, h COMPENSATION_HANDLER_UNUSED, "},
    {S "<subProcess id='x' triggeredByEvent='true'><startEvent id='c'><timerEventDefinition>"
       "<timeCycle>R3/PT1M</timeCycle></timerEventDefinition></startEvent><endEvent id='d'/>" F(
           "c", "d") "</subProcess><userTask id='u'/><boundaryEvent id='b' attachedToRef='u' "
                     "cancelActivity='false'><timerEventDefinition><timeCycle>R3/PT1M</timeCycle>"
                     "</timerEventDefinition></boundaryEvent>" E F("s", "u") F("u", "e")
                         F("b", "e"),
     "c TIMER_CYCLE, "},
    {S "<userTask id='u' flowable:skipExpression='${x}' flowable:async='true'/><scriptTask id='w' "
       "scriptFormat='python' camunda:resultVariable='y'><script>1</script></scriptTask>" E F(
           "s", "u") F("u", "w") F("w", "e"),
     "u VENDOR_EXTENSION_IGNORED, w VENDOR_EXTENSION_IGNORED, "},
    {S "<callActivity id='c' calledElement='d' drools:independent='false' "
       "drools:waitForCompletion='false'/>" E F("s", "c") F("c", "e"),
     "c VENDOR_EXTENSION_IGNORED, "},
    {S "<task id='a'/><task id='b'/>" E F("s", "a") F("a", "e") F("s", "b"), "b NO_WAY_OUT, "},
    {S "<intermediateThrowEvent id='t'/>" F("s", "t"), "p START_WITHOUT_END, t NO_WAY_OUT, "},
    {"<task id='a'/>" E F("a", "e"), "p END_WITHOUT_START, "},
    {"<receiveTask id='a' instantiate='true' messageRef='m'/>" E F("a", "e"), ""},
    {S "<task id='a'/><subProcess id='x'><startEvent id='y'/><task id='z'/>" F(
         "y", "z") "</subProcess>" E F("s", "a") F("a", "x") F("x", "e"),
     "x START_WITHOUT_END, "},
    {S "<task id='a'/>" E F("s", "a") WHEN("a", "e"), "ae CONDITION_ALONE, "},
    {S "<exclusiveGateway id='g' gatewayDirection='Converging'/><task id='a'/><exclusiveGateway "
       "id='j' gatewayDirection='Mixed'/>" E F("s", "g") WHEN("g", "a") WHEN("g", "j") F("a", "j")
           F("j", "e"),
     "g GATEWAY_DIRECTION, j GATEWAY_DIRECTION, "},
    {S "<exclusiveGateway id='g' gatewayDirection='Diverging'/><task id='a'/><exclusiveGateway "
       "id='j' gatewayDirection='Converging'/>" E F("s", "g") WHEN("g", "a") WHEN("g", "j")
           F("a", "j") F("j", "e"),
     ""},
    {S "<adHocSubProcess id='x'/>" E F("s", "x") F("x", "e"), "x AD_HOC_EMPTY, "},
    {S "<receiveTask id='a' instantiate='true' messageRef='m'/>" E F("s", "a") F("a", "e"),
     "a INSTANTIATES_INCOMING, "},
    {S "<eventBasedGateway id='g' eventGatewayType='Parallel'/><receiveTask id='a' "
       "messageRef='m'/><intermediateCatchEvent id='b'><conditionalEventDefinition><condition>x"
       "</condition></conditionalEventDefinition></intermediateCatchEvent>" E F("s", "g")
           F("g", "a") F("g", "b") F("a", "e") F("b", "e"),
     "g PARALLEL_EVENT_GATEWAY, "},
    {S "<task id='a'/><boundaryEvent id='b' attachedToRef='a' cancelActivity='false'>"
       "<compensateEventDefinition/></boundaryEvent><task id='h'/><association id='bh' "
       "sourceRef='h' targetRef='b'/>" E F("s", "a") F("a", "e") F("b", "e"),
     "h COMPENSATION_HANDLER_MARK, b COMPENSATION_INTERRUPTS, b COMPENSATION_EVENT_FLOW, "},
    {S "<task id='a'/><task id='h' isForCompensation='true'/>" E F("s", "a") F("a", "e"),
     "h COMPENSATION_HANDLER_UNUSED, "},
    {S "<subProcess id='x'><startEvent id='y'/><task id='z'/><endEvent id='w'/>" F("y", "z")
         F("z", "w") "</subProcess><intermediateThrowEvent id='t'><compensateEventDefinition "
                     "activityRef='z'/></intermediateThrowEvent><endEvent id='e'>"
                     "<compensateEventDefinition activityRef='x'/></endEvent>" F("s", "x")
                         F("x", "t") F("t", "e"),
     "t COMPENSATION_TARGET, "},
    {S "<userTask id='u'/><boundaryEvent id='b' attachedToRef='u'><messageEventDefinition "
       "messageRef='m'/></boundaryEvent><boundaryEvent id='c' attachedToRef='u' "
       "cancelActivity='false'><messageEventDefinition messageRef='m'/></boundaryEvent>" E F(
           "s", "u") F("u", "e") F("b", "e") F("c", "e"),
     "c CATCH_AMBIGUOUS, "},
    {"<startEvent id='s'><messageEventDefinition messageRef='m'/></startEvent><startEvent id='r'>"
     "<messageEventDefinition messageRef='m'/></startEvent><eventBasedGateway id='g'/>"
     "<receiveTask id='a' messageRef='m'/><receiveTask id='b' messageRef='m'/>" E F("s", "g")
         F("r", "g") F("g", "a") F("g", "b") F("a", "e") F("b", "e"),
     "r CATCH_AMBIGUOUS, b CATCH_AMBIGUOUS, "},
    {"<startEvent id='s'><outgoing>se</outgoing></startEvent><endEvent id='e'><incoming>se"
     "</incoming><incoming>other</incoming></endEvent>" F("s", "e"),
     "e FLOW_CHILDREN, "},
    {S "<intermediateCatchEvent id='c'><timerEventDefinition><timeDate>2030-01-01</timeDate>"
       "<timeDuration>PT1H</timeDuration></timerEventDefinition></intermediateCatchEvent>" E F(
           "s", "c") F("c", "e"),
     "c TIMER_INVALID, "},
    {S "<task id='a'><standardLoopCharacteristics loopMaximum='2'/>"
       "<multiInstanceLoopCharacteristics><loopCardinality>2</loopCardinality>"
       "</multiInstanceLoopCharacteristics></task>" E F("s", "a") F("a", "e"),
     "a LOOP_TWICE, "},
    {S "<serviceTask id='t'><extensionElements><zeebe:taskDefinition type='t' retries='3x'/>"
       "</extensionElements><multiInstanceLoopCharacteristics><loopCardinality>-1"
       "</loopCardinality></multiInstanceLoopCharacteristics></serviceTask><userTask id='u'>"
       "<extensionElements><zeebe:priorityDefinition priority='101'/></extensionElements>"
       "</userTask>" E F("s", "t") F("t", "u") F("u", "e"),
     "t COUNT_INVALID, t COUNT_INVALID, u COUNT_INVALID, "},
    {S "<serviceTask id='t'><extensionElements><zeebe:taskDefinition type='t' retries='=3.5'/>"
       "</extensionElements></serviceTask><serviceTask id='u'><extensionElements>"
       "<zeebe:taskDefinition type='t' retries=' 3 '/></extensionElements></serviceTask>" E F(
           "s", "t") F("t", "u") F("u", "e"),
     "t COUNT_INVALID, "},
    {S "<scriptTask id='t'><extensionElements><zeebe:script expression='=1'/>"
       "<zeebe:taskDefinition type='x'/></extensionElements></scriptTask><businessRuleTask id='u'>"
       "<extensionElements><zeebe:calledDecision decisionId='d' bindingType='newest' "
       "resultVariable='x'/></extensionElements></businessRuleTask><callActivity id='v'>"
       "<extensionElements><zeebe:calledElement processId='q' bindingType='versionTag'/>"
       "</extensionElements></callActivity>" E F("s", "t") F("t", "u") F("u", "v") F("v", "e"),
     "t TASK_TWICE, t RESULT_NOWHERE, u BINDING_INVALID, v BINDING_INVALID, "},
    {S "<userTask id='u'><extensionElements><zeebe:taskListeners><zeebe:taskListener "
       "eventType='seen' type='x'/></zeebe:taskListeners></extensionElements>"
       "<multiInstanceLoopCharacteristics><extensionElements><zeebe:loopCharacteristics "
       "inputCollection='=a' outputCollection='b'/></extensionElements>"
       "</multiInstanceLoopCharacteristics></userTask>" E F("s", "u") F("u", "e"),
     "u EXPRESSION_MISSING, u ZEEBE_UNKNOWN, "},
    {S "<endEvent id='e'><escalationEventDefinition escalationRef='n'/></endEvent>" F("s", "e"),
     "e CODE_FROM_ID, "},
    {S "<task id='a'/>" E F("s", "a") "<sequenceFlow id='f' sourceRef='a' targetRef='e'>"
                                      "<conditionExpression/></sequenceFlow>",
     "f EXPRESSION_EMPTY, "},
    {S "<serviceTask id='t'><extensionElements><zeebe:taskDefinition type='=price of(x)'/>"
       "</extensionElements></serviceTask>" E F("s", "t") F("t", "e"),
     "t EXPRESSION_DOUBTFUL, "},
#define TASK(id, source)                                                                           \
    "<serviceTask id='" id                                                                         \
    "'><extensionElements><zeebe:taskDefinition type='x'/><zeebe:ioMapping>"                       \
    "<zeebe:input source='" source "' target='a.b'/></zeebe:ioMapping></extensionElements>"        \
    "</serviceTask>"
    {S TASK("t", "Bearer {{secrets.T}}") TASK("u", "=camunda.secrets.`T-1`")
         TASK("v", "={h: {A: \"{{secrets.T}}\"}, n: x + 1, l: [\"{{ secrets.A.b }}\"]}") TASK(
             "w", "=\"Bearer \" + x + \"{{secrets.T}}\"") TASK("x", "={a: camunda.secrets.T}")
             TASK("y", "= if a then \"{{secrets.T}}\" else \"\"") TASK(
                 "z",
                 "{{secret.T}} {{secrets.}} {{secrets.a b}}") "<subProcess "
                                                              "id='q'><extensionElements><zeebe:"
                                                              "ioMapping><zeebe:input "
                                                              "source='{{secrets.T}}' "
                                                              "target='a'/></zeebe:ioMapping></"
                                                              "extensionElements><startEvent "
                                                              "id='in'/><endEvent id='out'/>" F(
                                                                  "in",
                                                                  "out") "</subProcess>" E F("s",
                                                                                             "t")
                                                                  F("t", "u") F("u", "v")
                                                                      F("v", "w") F("w", "x")
                                                                          F("x", "y") F("y", "z") F(
                                                                              "z", "q") F("q", "e"),
     "w SECRET_IN_EXPRESSION, x SECRET_IN_EXPRESSION, y SECRET_IN_EXPRESSION, "
     "q SECRET_NOT_RESOLVED, "},
    {S "<exclusiveGateway id='g'/><exclusiveGateway id='h'/>" F("s", "g") F("g", "h") F("h", "g"),
     "p START_WITHOUT_END, s CANNOT_END, g CANNOT_END, h CANNOT_END, g ENDLESS_LOOP, "},
};

static void tell(struct strbuf *out, const struct bpmn_resource *resource)
{
    for (size_t i = 0; i < resource->problem_count; i++)
        if (resource->problems[i].severity != BPMN_INFO)
            strbuf_format(out, "%.*s %s, ", STR_ARG(resource->problems[i].element),
                          bpmn_code_name(resource->problems[i].code));
}

static void models_are_told_what_is_wrong_with_them(void **state)
{
    size_t wrong = 0;
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct arena arena = ARENA_EMPTY, scratch = ARENA_EMPTY;
        struct strbuf told = strbuf_new(&arena);
        struct bpmn_resource *resource;
        struct error err;
        str xml = str_format(&arena,
                             "<definitions xmlns='http://www.omg.org/spec/BPMN/20100524/MODEL'>"
                             "<message id='m' name='m'/><escalation id='n'/>"
                             "<process id='p' isExecutable='true'>%s</process></definitions>",
                             cases[i].body);
        assert_true(bpmn_parse(&arena, &scratch, xml, &resource, &err));
        tell(&told, resource);
        if (!str_equal(strbuf_str(&told), str_of(cases[i].problems))) {
            print_error("%s\n", cases[i].body); // cut where it is long
            print_error("  wanted %s\n  found  %s\n", cases[i].problems, strbuf_cstr(&told));
            wrong++;
        }
        arena_done(&scratch);
        arena_done(&arena);
    }
    assert_int_equal(wrong, 0);
}

// Whole files: several processes, and what stands beside them.
static const struct {
    const char *roots;
    bool is_executable;
    const char *problems;
} files[] = {
    {"<process id='p' isExecutable='true'>" S E F(
         "s", "e") "</process>"
                   "<process id='q'><startEvent id='a'/><choreographyTask "
                   "id='b'/><exclusiveGateway id='c'/>"
                   "<serviceTask id='f'/><endEvent id='d'/>" F("a", "c") F("c", "d")
                       WHEN("c", "f") "</process>",
     true, "b UNSUPPORTED_ELEMENT, f NO_WAY_OUT, "},
    {"<process id='p' isExecutable='true'>" S E F(
         "s", "e") "</process>"
                   "<process id='p' isExecutable='true'><startEvent id='a'/><endEvent id='b'/>" F(
                       "a", "b") "</process>",
     false, "p DUPLICATE_ID, "},
    {"<collaboration id='c'><participant id='one' processRef='p'/><participant id='two'/>"
     "<messageFlow id='m1' sourceRef='t' targetRef='two'/><messageFlow id='m2' sourceRef='two' "
     "targetRef='t'/><messageFlow id='m3' sourceRef='s' targetRef='two'/><messageFlow id='m4' "
     "sourceRef='two' targetRef='e'/><messageFlow id='m5' sourceRef='two' targetRef='nobody'/>"
     "<messageFlow id='m6' sourceRef='t' targetRef='one'/></collaboration><process id='p' "
     "isExecutable='true'>" S "<task id='t'/>" E F("s", "t") F("t", "e") "</process>",
     true,
     "m3 MESSAGE_FLOW_END, m4 MESSAGE_FLOW_END, m5 MESSAGE_FLOW_END, "
     "m6 MESSAGE_FLOW_SAME_POOL, "},
    {"<message id='m' name='m'/><process id='p' isExecutable='true'>" S
     "<callActivity id='c' calledElement='q'/>" E F("s", "c")
         F("c", "e") "</process><process "
                     "id='q' isExecutable='true'><startEvent id='a'><messageEventDefinition "
                     "messageRef='m'/>"
                     "</startEvent><endEvent id='b'/>" F("a", "b") "</process>",
     true, "c CALLED_WITHOUT_START, "},
    {"<signal id='g' name='go' flowable:scope='processInstance'/><signal id='h' name='ho' "
     "flowable:scope='global'/><process id='p' isExecutable='true'>" S E F("s", "e") "</process>",
     true, "g VENDOR_EXTENSION_IGNORED, "},
};

static void files_are_told_what_is_wrong_with_them(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        struct arena arena = ARENA_EMPTY, scratch = ARENA_EMPTY;
        struct strbuf told = strbuf_new(&arena);
        struct bpmn_resource *resource;
        struct error err;
        str xml = str_format(&arena,
                             "<definitions xmlns='http://www.omg.org/spec/BPMN/20100524/MODEL'>%s"
                             "</definitions>",
                             files[i].roots);
        assert_true(bpmn_parse(&arena, &scratch, xml, &resource, &err));
        tell(&told, resource);
        assert_string_equal(strbuf_cstr(&told), files[i].problems);
        assert_int_equal(resource->is_executable, files[i].is_executable);
        arena_done(&scratch);
        arena_done(&arena);
    }
}

// Shapes of which one or another was once walked over for each of its parts.
static const struct {
    const char *begin;
    const char *part; // #: its number, @: the number before
    const char *end;
    int count;
} shapes[] = {
    // Two flows from each gateway to the next: walked back from every join, they would be
    // quadratic.
    {"<startEvent id='g0'/>",
     "<exclusiveGateway id='g#'/><sequenceFlow id='f#' sourceRef='g@' targetRef='g#'/>"
     "<startEvent id='s#'/><sequenceFlow id='h#' sourceRef='s#' targetRef='g#'/>",
     "", 12000},
    {"<startEvent id='c0'/>",
     "<intermediateThrowEvent id='t#'><linkEventDefinition name='l#'/>"
     "</intermediateThrowEvent><intermediateCatchEvent id='c#'><linkEventDefinition "
     "name='l#'/></intermediateCatchEvent><sequenceFlow id='f#' sourceRef='c@' "
     "targetRef='t#'/>",
     "", 16000},
    {"<startEvent id='s'/><userTask id='u'/>",
     "<boundaryEvent id='b#' attachedToRef='u'><errorEventDefinition errorRef='e#'/>"
     "</boundaryEvent><callActivity id='e#' errorCode='@' calledElement='p'/>",
     "", 20000},
    {"<serviceTask id='t'><extensionElements><zeebe:ioMapping>",
     "<zeebe:input source='=a#' target='b@'/>",
     "</zeebe:ioMapping></extensionElements></serviceTask>", 60000},
};

static void add_part(struct strbuf *xml, const char *part, int number)
{
    for (; *part; part++)
        if (*part == '#' || *part == '@')
            strbuf_format(xml, "%d", *part == '#' ? number : number - 1);
        else
            strbuf_add_char(xml, *part);
}

static void what_is_large_is_checked_in_linear_time(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(shapes); i++) {
        struct arena arena = ARENA_EMPTY, scratch = ARENA_EMPTY;
        struct strbuf xml = strbuf_new(&arena);
        struct bpmn_resource *resource;
        struct error err;
        strbuf_format(&xml,
                      "<definitions xmlns='http://www.omg.org/spec/BPMN/20100524/MODEL'><process "
                      "id='p' isExecutable='true'>%s",
                      shapes[i].begin);
        for (int k = 1; k <= shapes[i].count; k++)
            add_part(&xml, shapes[i].part, k);
        strbuf_format(&xml, "%s</process></definitions>", shapes[i].end);
        clock_t began = clock();
        assert_true(bpmn_parse(&arena, &scratch, strbuf_str(&xml), &resource, &err));
        double seconds = (double)(clock() - began) / CLOCKS_PER_SEC;
        if (seconds > 3) // a tenth of that; quadratic: many times as much
            fail_msg("shape %zu takes %.1f s", i, seconds);
        arena_done(&scratch);
        arena_done(&arena);
    }
}

static void what_is_no_model_is_unreadable(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "x", "<a>", "<!DOCTYPE a><definitions/>", "<html/>"};
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        struct arena arena = ARENA_EMPTY;
        struct bpmn_resource *resource;
        struct error err;
        assert_false(bpmn_parse(&arena, &arena, str_of(texts[i]), &resource, &err));
        assert_true(strlen(err.text) > 0);
        arena_done(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(models_are_told_what_is_wrong_with_them),
        cmocka_unit_test(files_are_told_what_is_wrong_with_them),
        cmocka_unit_test(what_is_large_is_checked_in_linear_time),
        cmocka_unit_test(what_is_no_model_is_unreadable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
