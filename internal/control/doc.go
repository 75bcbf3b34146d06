// Package control is the door between a running daemon and its operator: a unix socket that
// only root may use. A request is one line of JSON and so is the answer; a connection carries
// one of each.
//
//	{"command":"status"}                      {"ok":true,"status":{...}}
//	{"command":"standby","which":"all"}       {"ok":true}
//	{"command":"takeover","which":"local"}    {"ok":false,"error":"...","hint":"..."}
//
// The server keeps no lock while it reads or writes a socket, so a client that hangs, floods or
// talks nonsense costs the daemon nothing but the connection.
package control
