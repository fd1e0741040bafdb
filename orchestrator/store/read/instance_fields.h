// SPDX-License-Identifier: Apache-2.0
//
// What collections of things inside of instances share: the join of their instance as `i`, and its
// fields.
#ifndef BATON_STORE_READ_INSTANCE_FIELDS_H
#define BATON_STORE_READ_INSTANCE_FIELDS_H

// A row may outlive its instance.
#define WITH_INSTANCE(row)                                                                         \
    " LEFT JOIN instances i ON i.shard = " row ".shard AND i.key = " row ".instance"
#define ROOT_FIELD                                                                                 \
    {                                                                                              \
        .name = "rootProcessInstanceKey", .sql = "coalesce(i.root_instance, i.key)",               \
        .kind = FIELD_KEY                                                                          \
    }
#define BUSINESS_FIELD                                                                             \
    {                                                                                              \
        .name = "businessId", .sql = "i.business_id", .kind = FIELD_OPTIONAL                       \
    }

// "serviceTask" -> SERVICE_TASK
#define BPMN_TYPE(column) "upper(regexp_replace(" column ", '([a-z])([A-Z])', '\\1_\\2', 'g'))"

#define NO_TEXT "NULL::text"

#endif
