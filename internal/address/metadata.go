package address

import (
	"fmt"
)

// metaData describes a script in the XML of the OCF resource agent interface, version 1.0.
func metaData(script string) string {
	short, word := "Manages a service address (IPv4)", "ip[/bits-or-netmask[/iface[:label][/broadcast]]]"
	switch script {
	case IPaddr2:
		short = "Manages a service address (IPv4 or IPv6)"
	case IPv6addr:
		short, word = "Manages a service address (IPv6)", "addr[/prefix[/iface]]"
	}
	return fmt.Sprintf(`<?xml version="1.0"?>
<!DOCTYPE resource-agent SYSTEM "ra-api-1.dtd">
<resource-agent name="%s" version="1.0">
<version>1.0</version>
<longdesc lang="en">
Adds the address to the interface of its network, announces it to the neighbours, and removes it
again. Called with one word and an action: %s.
</longdesc>
<shortdesc lang="en">%s</shortdesc>
<parameters>
<parameter name="1" required="1" unique="1">
<longdesc lang="en">The address: %s.</longdesc>
<shortdesc lang="en">Address</shortdesc>
<content type="string" default="" />
</parameter>
</parameters>
<actions>
<action name="start" timeout="20s" />
<action name="stop" timeout="20s" />
<action name="status" timeout="20s" interval="10s" />
<action name="monitor" timeout="20s" interval="10s" />
<action name="meta-data" timeout="5s" />
</actions>
</resource-agent>
`, script, word, short, word)
}
