// Package hooks runs the scripts that a site has in /etc/ha.d/rc.d, as 3.0.6 does through /etc/ha.d/harc: one for
// each message that has a script of its type's name, with the fields of the message in its environment.
//
// In 3.0.6 these scripts also do the work: status takes over from a dead node, ip-request-resp starts a group.
// Here the core does that, and nothing waits for a script. So the scripts that 3.0.6 came with are known by
// their content and not run ([Shipped]); what a site has written or changed is run beside everything else, one at a time,
// in the order of the messages. The programs that such a script may call to move resources
// are heartbeatd by other names, which has its own mind; where they are still those of 3.0.6, nothing is run at all.
package hooks
