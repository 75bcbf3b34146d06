// Package etc has files of ours that `make install` puts under /etc, for those who must know whether one is still
// as we wrote it.
package etc

import "embed"

// AddressScripts are the resource scripts of service addresses, under ha.d/resource.d.
//
//go:embed ha.d/resource.d/IPaddr ha.d/resource.d/IPaddr2 ha.d/resource.d/IPv6addr
var AddressScripts embed.FS
