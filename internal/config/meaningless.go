package config

// Directives that 3.0.6 takes from whoever has Pacemaker, or that releases before it took. They mean nothing to a
// cluster of haresources, here as there.

func applyQuorumServer(p *parser, v string) *fault {
	p.warn("remove the line; what keeps two nodes from running the same is a device: see stonith_host in ha.cf(5)",
		"[%s] is not asked: only Pacemaker's membership asks a quorum server", v)
	return nil
}

func applyCRMDaemonDir(p *parser, v string) *fault {
	p.note(Info, p.name+": nothing of ["+v+"] is started: there is no Pacemaker here", "")
	return nil
}

func applyNormalpoll(p *parser, _ string) *fault {
	p.note(Info, p.name+": a directive of older releases that means nothing any more; 3.0.6 refuses it", "")
	return nil
}
