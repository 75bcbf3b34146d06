//go:build integration

package lab

import (
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

// TestHostilePrograms: ten thousand connections to the socket of programs, hundreds at once, that say nothing, half a
// message, megabytes or nonsense, delay no beat; cl_status is still answered, and when they are gone nothing of them is left.
func TestHostilePrograms(t *testing.T) { alone(t, playHostilePrograms) }

func playHostilePrograms(t testing.TB) {
	const connections = 10000
	c := newCluster(t, patientFiles)
	c.startBoth()
	before, files, memory := c.worstGaps(), c.openFiles("node1"), c.memory("node1")
	k := &clients{path: c.nodes["node1"].Path("/run/heartbeat/register"), stop: make(chan struct{})}
	head := "\x00\x10\x00\x00\xcd\xab\x00\x00"
	for _, work := range []func(net.Conn){
		func(net.Conn) { k.hang() }, // nothing
		func(net.Conn) {},           // gone at once
		func(conn net.Conn) { io.WriteString(conn, head+">>>\nt=hbapi-req\n"); k.hang() },
		func(conn net.Conn) { io.Copy(conn, io.LimitReader(zeros{}, 4<<20)) },
		func(conn net.Conn) {
			for range 20 {
				io.WriteString(conn, "\x03\x00\x00\x00\xcd\xab\x00\x00abc")
			}
			io.Copy(io.Discard, conn)
		},
	} {
		for range 60 {
			k.busy.Add(1)
			go func() {
				defer k.busy.Done()
				for !k.resting() {
					conn, err := net.DialTimeout("unix", k.path, time.Second)
					if err != nil {
						k.hang()
						continue
					}
					k.made.Add(1)
					conn.SetDeadline(time.Now().Add(time.Second))
					work(conn)
					conn.Close()
				}
			}()
		}
	}
	answered, asked := 0, 0
	begin := time.Now()
	for time.Since(begin) < clusterPatience && k.made.Load() < connections {
		asked++
		if out, err := c.nodes["node1"].Run("cl_status", "rscstatus"); err == nil && strings.TrimSpace(out) == "local" {
			answered++
		}
	}
	close(k.stop)
	k.busy.Wait()
	c.gapsStayed(before, c.worstGaps())
	t.Logf("%d connections in %v; %d of %d calls of cl_status answered meanwhile", k.made.Load(), time.Since(begin).Round(time.Second), answered, asked)
	if k.made.Load() < connections {
		t.Errorf("only %d connections: not what the test is for", k.made.Load())
	}
	if answered == 0 {
		t.Error("nobody else was answered")
	}
	c.must(Eventually(clusterPatience, "the daemon to forget them", func() bool { return c.openFiles("node1") <= files+2 }))
	if grown := c.memory("node1") - memory; grown > 48<<10 {
		t.Errorf("its memory grew by %d kB", grown)
	}
	c.nothingMoved()
}
