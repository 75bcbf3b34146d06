package config

func applyWatchdog(p *parser, device string) *fault {
	if p.given["watchdog"] > 0 {
		return faultf("keep one watchdog line", "Watchdog device multiply specified.")
	}
	p.cfg.Watchdog = device
	return nil
}
