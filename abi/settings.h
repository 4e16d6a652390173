/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/* What the daemon tells a program at work. Map `settings`: ARRAY of one ginnel_settings. The program reads it only
 * where a packet is of no flow that is known. */
#ifndef GINNEL_ABI_SETTINGS_H
#define GINNEL_ABI_SETTINGS_H

#include "abi/base.h"

/* The flows are being carried over to maps of another layout: what is of no known flow is dropped as UPGRADING,
 * without an answer of any kind. So no flow is opened that would be left behind, and none is taken for unknown that is
 * only late. For some milliseconds; whoever sends a SYN repeats it. */
#define GINNEL_SETTING_HOLD 1u

struct ginnel_settings {
  __u32 flags; /* GINNEL_SETTING_* */
  __u32 reserved;
};
GINNEL_LAYOUT(ginnel_settings, 8);

#endif
