// SPDX-License-Identifier: Apache-2.0
//
// For fuzz targets: an environment in which every definition is one process that has something of
// everything.
#ifndef BATON_ENGINE_FUZZ_MODEL_H
#define BATON_ENGINE_FUZZ_MODEL_H

#include "bpmn/bpmn.h"
#include "engine/engine.h"

enum { FUZZ_INSTANCE = 7, FUZZ_DEFINITION = 1 };

static const char fuzz_model[] =
    "<definitions xmlns='http://www.omg.org/spec/BPMN/20100524/MODEL' "
    "xmlns:zeebe='http://camunda.org/schema/zeebe/1.0'>"
    "<message id='m' name='m'><extensionElements><zeebe:subscription correlationKey='=\"k\"'/>"
    "</extensionElements></message><signal id='g' name='g'/><error id='x' errorCode='x'/>"
    "<process id='p' isExecutable='true'><startEvent id='s'/>"
    "<sequenceFlow id='f1' sourceRef='s' targetRef='split'/><parallelGateway id='split'/>"
    "<sequenceFlow id='f2' sourceRef='split' targetRef='task'/>"
    "<sequenceFlow id='f3' sourceRef='split' targetRef='many'/>"
    "<sequenceFlow id='f4' sourceRef='split' targetRef='catch'/>"
    "<sequenceFlow id='f5' sourceRef='split' targetRef='user'/>"
    "<sequenceFlow id='f6' sourceRef='split' targetRef='sub'/>"
    "<serviceTask id='task'><extensionElements><zeebe:taskDefinition type='t'/>"
    "<zeebe:ioMapping><zeebe:input source='=a' target='b'/><zeebe:output source='=b' target='c'/>"
    "</zeebe:ioMapping></extensionElements></serviceTask>"
    "<boundaryEvent id='late' attachedToRef='task' cancelActivity='false'><timerEventDefinition>"
    "<timeCycle>R3/PT1S</timeCycle></timerEventDefinition></boundaryEvent>"
    "<sequenceFlow id='f7' sourceRef='late' targetRef='after'/><manualTask id='after'/>"
    "<boundaryEvent id='bad' attachedToRef='task'><errorEventDefinition errorRef='x'/>"
    "</boundaryEvent><sequenceFlow id='f8' sourceRef='bad' targetRef='after'/>"
    "<serviceTask id='many'><extensionElements><zeebe:taskDefinition type='t'/>"
    "</extensionElements><multiInstanceLoopCharacteristics><extensionElements>"
    "<zeebe:loopCharacteristics inputCollection='=[1,2,3]' inputElement='i' "
    "outputCollection='o' outputElement='=i'/></extensionElements>"
    "</multiInstanceLoopCharacteristics></serviceTask>"
    "<intermediateCatchEvent id='catch'><messageEventDefinition messageRef='m'/>"
    "</intermediateCatchEvent><sequenceFlow id='f9' sourceRef='catch' targetRef='hear'/>"
    "<intermediateCatchEvent id='hear'><signalEventDefinition signalRef='g'/>"
    "</intermediateCatchEvent><userTask id='user'><extensionElements><zeebe:userTask/>"
    "</extensionElements></userTask><subProcess id='sub'><startEvent id='i'/>"
    "<sequenceFlow id='f10' sourceRef='i' targetRef='call'/><callActivity id='call'>"
    "<extensionElements><zeebe:calledElement processId='p'/></extensionElements></callActivity>"
    "</subProcess></process></definitions>";

static const struct bpmn_process *fuzz_find_process(void *context, uint64_t definition)
{
    const struct bpmn_resource *resource = context;
    return definition == 0 ? NULL : resource->processes[0];
}

static inline struct engine_environment fuzz_environment(struct arena *arena)
{
    struct bpmn_resource *resource;
    struct error err;
    struct arena scratch = ARENA_EMPTY;
    check(bpmn_parse(arena, &scratch, str_of(fuzz_model), &resource, &err));
    for (size_t i = 0; i < resource->problem_count; i++)
        check(resource->problems[i].severity != BPMN_ERROR);
    arena_done(&scratch);
    return (struct engine_environment){.context = resource,
                                       .find_process = fuzz_find_process,
                                       .shard_count = 2,
                                       .job_window = 3,
                                       .max_deliveries = 10,
                                       .job_timeout_ms = 1000};
}

#endif
