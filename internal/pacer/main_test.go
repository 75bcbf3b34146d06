package pacer

import (
	"net/netip"
	"os"
	"testing"
)

func TestMain(m *testing.M) {
	Entry() // the pacer under test is this very program
	os.Exit(m.Run())
}

// loopback is a port of this machine as a place to send to.
func loopback(port int) Address {
	return To(netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), uint16(port)), 0)
}
