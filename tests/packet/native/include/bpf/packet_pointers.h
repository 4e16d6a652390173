/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/* In place of bpf/packet_pointers.h: a pointer of the machine does not fit into the fields of __sk_buff. */
#ifndef GINNEL_BPF_PACKET_POINTERS_H
#define GINNEL_BPF_PACKET_POINTERS_H

#include <stddef.h>

#include "native.h"

#define data(skb) native_data(skb)
#define data_end(skb) native_data_end(skb)

#endif
