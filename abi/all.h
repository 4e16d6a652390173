/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/* Every layout that the packet program and the daemon share. */
#ifndef GINNEL_ABI_ALL_H
#define GINNEL_ABI_ALL_H

#include "abi/balancer.h"
#include "abi/config.h"
#include "abi/count.h"
#include "abi/destination.h"
#include "abi/drop_reason.h"
#include "abi/flow.h"
#include "abi/limits.h"
#include "abi/link.h"
#include "abi/policy.h"
#include "abi/port.h"
#include "abi/proxy.h"
#include "abi/settings.h"

#endif
