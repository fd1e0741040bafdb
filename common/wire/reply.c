// SPDX-License-Identifier: Apache-2.0
//
// Answers to callers.
#include "wire/wire.h"

#include "wire/pack.h"
#include "wire/resource.h"

const str wire_reply_content_type =
    (str){"application/x-protobuf; proto=baton.v1.Reply",
          sizeof "application/x-protobuf; proto=baton.v1.Reply" - 1};

static void pack_resource(struct arena *arena, const struct deployed_resource *resource,
                          Baton__V1__DeployedResource *message)
{
    baton__v1__deployed_resource__init(message);
    message->name = pack_text(arena, resource->name);
    message->digest = pack_bytes(resource->digest);
    message->kind = (Baton__V1__ResourceKind)(resource->kind + 1);
    message->definition_id = pack_text(arena, resource->definition_id);
    message->key = resource->key;
    message->version = resource->version;
    message->version_tag = pack_text(arena, resource->version_tag);
    message->title = pack_text(arena, resource->title);
}

Baton__V1__DeployedResource **
pack_resources(struct arena *arena, const struct deployed_resource *resources, size_t count)
{
    Baton__V1__DeployedResource **messages =
        ARENA_ARRAY(arena, Baton__V1__DeployedResource *, count);
    for (size_t i = 0; i < count; i++) {
        messages[i] = ARENA_NEW(arena, Baton__V1__DeployedResource);
        pack_resource(arena, &resources[i], messages[i]);
    }
    return messages;
}

static enum resource_kind resource_kind_of(Baton__V1__ResourceKind kind)
{
    return kind >= BATON__V1__RESOURCE_KIND__RESOURCE_KIND_PROCESS &&
                   kind <= BATON__V1__RESOURCE_KIND__RESOURCE_KIND_REQUIREMENTS
               ? (enum resource_kind)(kind - 1)
               : RESOURCE_OTHER;
}

struct deployed_resource *unpack_resources(struct arena *arena,
                                           Baton__V1__DeployedResource **messages, size_t count)
{
    struct deployed_resource *resources = ARENA_ARRAY(arena, struct deployed_resource, count);
    for (size_t i = 0; i < count; i++)
        resources[i] = (struct deployed_resource){
            .name = unpack_text(messages[i]->name),
            .digest = unpack_bytes(messages[i]->digest),
            .kind = resource_kind_of(messages[i]->kind),
            .definition_id = unpack_text(messages[i]->definition_id),
            .key = messages[i]->key,
            .version = messages[i]->version,
            .version_tag = unpack_text(messages[i]->version_tag),
            .title = unpack_text(messages[i]->title),
        };
    return resources;
}

void wire_encode_reply(struct strbuf *out, const struct reply *reply)
{
    struct arena scratch = ARENA_EMPTY;
    Baton__V1__Reply message = BATON__V1__REPLY__INIT;
    message.request = reply->to.request;
    message.rejection = reply->rejection;
    message.reason = pack_text(&scratch, reply->reason);
    message.key = reply->key;
    message.instance = reply->instance;
    message.definition = reply->definition;
    message.process_id = pack_text(&scratch, reply->process_id);
    message.version = reply->version;
    message.variables = pack_bytes(reply->variables);
    message.n_deployed = reply->deployed_count;
    message.deployed = pack_resources(&scratch, reply->deployed, reply->deployed_count);
    message.shard = reply->shard;
    pack_message(out, &message.base);
    arena_done(&scratch);
}

bool wire_decode_reply(struct arena *arena, str bytes, struct reply *ret_reply, struct error *err)
{
    Baton__V1__Reply *message = unpack_message(arena, &baton__v1__reply__descriptor, bytes, err);
    if (message == NULL)
        return false;
    if (message->rejection > REJECTION_QUARANTINED)
        return error_set(err, ERROR_UNSUPPORTED, "baton.v1.Reply", "rejection %u is not known",
                         message->rejection);
    *ret_reply = (struct reply){
        .to = {.request = message->request},
        .rejection = (enum rejection)message->rejection,
        .reason = unpack_text(message->reason),
        .key = message->key,
        .instance = message->instance,
        .definition = message->definition,
        .process_id = unpack_text(message->process_id),
        .version = message->version,
        .variables = unpack_bytes(message->variables),
        .deployed_count = message->n_deployed,
        .deployed = unpack_resources(arena, message->deployed, message->n_deployed),
        .shard = message->shard,
    };
    return true;
}
