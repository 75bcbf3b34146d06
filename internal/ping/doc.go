// Package ping asks hosts whether they are there: ICMP and ICMPv6 echo requests over raw sockets. It decides
// nothing: it sends when it is told to, and says which host has answered. An answer counts only if it comes
// from the host that was asked, with the number and the random bytes of a request that nobody has answered
// yet, so a stranger who did not see the request cannot answer in the host's place.
package ping
