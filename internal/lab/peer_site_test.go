//go:build integration && long

package lab

import "testing"

// TestPeerCombinedSite: the same year with 3.0.6 on one of the nodes.
func TestPeerCombinedSite(t *testing.T) {
	t.Parallel()
	eachPairing(t, peerMixed, func(t *testing.T, kinds string) { playSite(t, kinds) })
}
