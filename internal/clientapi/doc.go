// Package clientapi is what programs linked with libhbclient talk to: the socket
// /var/run/heartbeat/register of 3.0.6, byte for byte.
//
//	frame.go     what goes over the socket: a header, and a message in classic text or netstring
//	table.go     who is signed on (pure: [Table] decides, its [Action]s are carried out by [Server])
//	signon.go    who may sign on
//	auth.go      apiauth
//	request.go   the requests that have one answer
//	list.go      the requests about nodes and links
//	message.go   messages of clients, and of the cluster to them
//	server.go    carries out what the table decides, in one goroutine beside the daemon's loop
//	socket.go    the socket, its connections and their limits
//	limits.go    how many may be there, and how much they may say
//	toll.go      who waits for which of these limits
//	session.go   a client that lives in the daemon itself
//	client.go    the other end, for our own commands
//
// The daemon is asked by a [Cluster], a turn of its loop at a time; what its core has for clients
// comes by [Server.Deliver], which never waits.
//
// # A client inside the daemon
//
// Parts of the daemon that do what a client of 3.0.6 does (a built-in ipfail) need no socket:
//
//	s, err := server.Open("ipfail")    // signs on; ErrTaken if a client of that name is there already
//	defer s.Close()                    // signs off; the others of that name get the leave message
//	for m := range s.Messages() {      // closed when the daemon ends, or when too many were not taken
//		switch m.Str("t") {            // status, ifstat, NS_st, hbapi-clstat, resource, own types ...
//		}
//	}
//
//	st, err := s.State()               // nodes, their types, states and links; what is held
//	err = s.Send(m)                    // m.dest: that node only; without it all nodes, ourselves included
//
// A message goes to clients of the same name only, so a built-in ipfail talks to the genuine one of a C
// node as well. Send and State wait for a turn of the daemon's loop and must not be called from it; they fail with
// [ErrEnded] when there is none any more. Messages belong to the receiver. The field oseq of ordered messages is the business of
// libhbclient, and of whoever wants to talk to one that uses it.
package clientapi
