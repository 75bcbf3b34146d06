package daemon

import (
	"fmt"
	"slices"
	"time"

	"heartbeatd/internal/control"
	"heartbeatd/internal/core"
	"heartbeatd/internal/stonith"
)

// fenceCheck is how often the device is asked whether it works. 3.0.6: hourly.
const fenceCheck = time.Hour

// openDevice makes the STONITH device of ha.cf, if there is one. With -M nothing is taken from anybody, so nobody
// is reset.
func (d *daemon) openDevice() {
	c := d.opt.Config
	s := c.Stonith
	if s == nil || d.opt.NoResources {
		return
	}
	d.device = stonith.New(stonith.Config{
		Type: s.Type, Program: s.Program(), Agent: s.Agent(), File: s.File, Words: s.Words, Plain: slices.Clone(c.Nodes), Log: d.logLine,
	})
	go d.watchDevice()
}

// deviceName is what the core calls it; "" if there is none.
func (d *daemon) deviceName() string {
	if d.device == nil {
		return ""
	}
	return d.device.Name()
}

func (d *daemon) closeDevice() {
	if d.device != nil {
		d.device.Close()
	}
}

// fence resets a node beside the loop.
func (d *daemon) fence(a core.Fence) {
	if d.device == nil {
		return
	}
	go func() {
		r := d.device.Reset(a.Node)
		d.ask(func() {
			d.step(core.FenceDone{Attempt: a.Attempt, OK: r.OK, Code: r.Code, PID: r.PID, Output: r.Output})
		})
	}()
}

// watchDevice asks the device whether it works, as soon as this node is active and then hourly.
func (d *daemon) watchDevice() {
	pause := time.Second
	for {
		select {
		case <-time.After(pause):
		case <-d.over:
			return
		}
		active := false
		d.ask(func() { active = d.core.View(d.now()).State == "active" })
		if active {
			d.checkDevice()
			pause = fenceCheck
		}
	}
}

func (d *daemon) checkDevice() {
	name := d.device.Name()
	d.logLine("info", fmt.Sprintf("Checking status of STONITH device [%s]", name))
	r := d.device.Check()
	level := "info"
	if !r.OK {
		level = "WARN"
		d.logLine("ERROR", fmt.Sprintf("STONITH device %s not operational!", name))
	}
	d.logLine(level, fmt.Sprintf("Managed STONITH-stat process %d exited with return code %d.", r.PID, r.Code))
	if !r.OK {
		d.logLine("ERROR", "STONITH status operation failed.")
		d.logLine("info", "This may mean that the STONITH device has failed!")
	}
}

func fencingStatus(f core.FenceView) *control.FencingStatus {
	if f.Node == "" {
		return nil
	}
	return &control.FencingStatus{Node: f.Node, Attempt: f.Attempt, Running: ms(f.Running), LastError: f.Failure}
}
