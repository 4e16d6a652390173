// What a frame says of errors and fragments, read without the program's help.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "frame.h"

namespace ginnel::packet_test {

// An ICMP error of either family, whole, also behind options; then what it quotes is looked at by the next two.
bool quotes_packet(std::span<const uint8_t> frame);
// Its receiver is the sender of the packet that it quotes.
bool quote_is_of_receiver(std::span<const uint8_t> frame);
// Are the quoted packet's sums right? As far as it is quoted: a part of a datagram has none, nor UDP without one.
bool quote_right(std::span<const uint8_t> frame);
// A fragment that is not the first of its datagram.
bool is_later_part(std::span<const uint8_t> frame);
// Fragments in order: have they one number, do they leave nothing out, and is the datagram's checksum right?
bool parts_right(const std::vector<std::vector<uint8_t>>& frames);
// An ICMP frame's sums become right, also the IPv4 header's; others stay as they are.
void renew_icmp_sums(Frame& frame);

}  // namespace ginnel::packet_test
