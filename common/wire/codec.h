// SPDX-License-Identifier: Apache-2.0
//
// Between protobuf-c's messages and the structs of record: one pair of functions a message, made at
// build time by codec.py from codec.def and the .proto files, so that a field of a .proto that has
// no member in its struct does not compile. Messages and structs live in the arena; texts of an
// unpacked struct are slices of the message. Private to wire.
#ifndef BATON_WIRE_CODEC_H
#define BATON_WIRE_CODEC_H

#include "wire/wire.h"

#include "baton/v1/command.pb-c.h"
#include "baton/v1/event.pb-c.h"
#include "baton/v1/job.pb-c.h"
#include "baton/v1/reply.pb-c.h"

// name: in the functions' names; message and record: the two types.
#define CODEC(name, message, record)                                                               \
    void codec_pack_##name(struct arena *arena, const struct record *from,                         \
                           Baton__V1__##message *to);                                              \
    void codec_unpack_##name(struct arena *arena, const Baton__V1__##message *from,                \
                             struct record *to);
CODEC(command, Command, command)
CODEC(grant, Grant, grant)
CODEC(create_instance, CreateInstance, create_instance)
CODEC(element_instruction, ElementInstruction, element_instruction)
CODEC(modify_instance, ModifyInstance, modify_instance)
CODEC(activate_ad_hoc, ActivateAdHoc, activate_ad_hoc)
CODEC(migrate_instance, MigrateInstance, migrate_instance)
CODEC(element_mapping, ElementMapping, element_mapping)
CODEC(set_variables, SetVariables, set_variables)
CODEC(job_answer, JobAnswer, job_answer)
CODEC(update_job, UpdateJob, update_job)
CODEC(job_credits, JobCredits, job_credits)
CODEC(job_credit, JobCredit, job_credit)
CODEC(release_job, ReleaseJob, release_job)
CODEC(released_job, ReleasedJob, released_job)
CODEC(due, Due, due)
CODEC(publish_message, PublishMessage, publish_message)
CODEC(subscription_change, SubscriptionChange, subscription_command)
CODEC(broadcast_signal, BroadcastSignal, broadcast_signal)
CODEC(user_task_change, UserTaskChange, user_task_command)
CODEC(deploy, Deploy, deploy)
CODEC(deployed_resource, DeployedResource, deployed_resource)
CODEC(evaluate_decision, EvaluateDecision, evaluate_decision)
CODEC(set_clock, SetClock, test_clock)
CODEC(set_shares, SetShares, set_shares)
CODEC(set_policies, SetPolicies, set_policies)
CODEC(set_listeners, SetListeners, set_listeners)
CODEC(set_breaker, SetBreaker, set_breaker)
CODEC(cluster_variable_change, ClusterVariableChange, cluster_variable_command)
CODEC(job, Job, job_offer)
CODEC(secret_pointer, SecretPointer, secret_pointer)
CODEC(reply, Reply, reply)
CODEC(event, Event, event)
CODEC(step_record, StepRecord, wire_step)
#undef CODEC

// The oneof of a command: its case is the command's type, a number of commands.def.
void codec_pack_body(struct arena *arena, const struct command *from, Baton__V1__Command *to);
void codec_unpack_body(struct arena *arena, const Baton__V1__Command *from, struct command *to);

// The variables that the body carries; empty where it carries none.
str codec_variables(const struct command *command);

#endif
