package clientapi

import (
	"io"
	"net"

	"heartbeatd/internal/wire"
)

// What other sockets of 3.0.6 have in common with this one: dopd's speaks in the same frames.

// ReadMessage reads one frame, whose body is no longer than most.
func ReadMessage(r io.Reader, most int) (*wire.Message, error) {
	body, err := readFrame(r, most)
	if err != nil {
		return nil, err
	}
	return parseBody(body)
}

// PeerOf asks the kernel who connected.
func PeerOf(uc *net.UnixConn) (Peer, error) { return peerOf(uc) }

// Admits says whether a rule names the user or one of his groups.
func (r Rule) Admits(p Peer) bool { return r.admits(p) }
