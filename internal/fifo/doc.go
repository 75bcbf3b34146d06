// Package fifo is /var/lib/heartbeat/fifo, by which scripts of this machine tell the daemon of something: the old way of
// hb_standby and its like, and of what a site has written itself. A message is a line ">>>", lines NAME=VALUE and a
// line "<<<". Whoever writes something else, or half of something, harms nobody but himself.
package fifo
