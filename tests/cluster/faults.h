// SPDX-License-Identifier: Apache-2.0
//
// What goes wrong, one thing every few seconds.
#ifndef BATON_CLUSTER_FAULTS_H
#define BATON_CLUSTER_FAULTS_H

#include "world.h"

void faults_begin(void); // until world->calm

#endif
